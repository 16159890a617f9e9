"""What notebooks need around the subject: `figures` (pictures with words), `ask` (predictions), `vectors` (real text,
words and heads), `text_models` (how models of that text are trained and judged), `site` (as HTML); `my_labs` (the
learner's copies), `kept` (their answers, as source), `mine` (the same, in the models), `progress` (what is done, what
is next); `kernel` and jupyter/ (JupyterLab as the course wants it), `syllabus` (its tables)."""
