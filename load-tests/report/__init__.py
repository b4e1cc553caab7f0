"""What is made of the figures: the table of goals, the tables of the documents, the pictures."""
