"""What notebooks need around the subject: `figures` (pictures with words), `ask` (predictions), `site` (as HTML)."""
