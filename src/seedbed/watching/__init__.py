"""What is looked at while networks learn, what is named of it, and how a remedy is proved."""
