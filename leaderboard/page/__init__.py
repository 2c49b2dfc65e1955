"""The quickstart's page: one self-contained HTML file with the table, the lesson, pictures and a replay."""
