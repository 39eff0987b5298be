"""What is made of a film: renditions, rungs, cuts, and why. Values in, values out."""
