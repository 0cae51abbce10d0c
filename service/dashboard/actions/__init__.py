"""Reports: looked at and taken along, each with its trace."""
