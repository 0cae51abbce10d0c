"""What the clinic's files may say, and what follows from them. Pure: values in, values out."""
