"""What is run by ``tox run -e bench``: one test for each pass of each case."""
