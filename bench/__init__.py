"""Speed, scale and cost, measured: `make bench`. One module for each group of rows; none of it is a timed test."""
