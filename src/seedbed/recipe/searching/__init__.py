"""Search as a user holds it: `search`, the study, and the truth about its winner."""
