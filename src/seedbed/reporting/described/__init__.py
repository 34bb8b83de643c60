"""What a data set looks like, as figures and as one page: what `seedbed data describe` writes."""
