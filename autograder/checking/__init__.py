"""What a learner's laptop and grading share: what an exercise is, how answers are got, compared and named.

`exercise` says what is asked, `call` and `plain` how a call and its answer travel, `answer` gets an answer,
`differences` compares it with the right one, `judge` makes points and reasons of that; `relations`, `other_questions`
and `symptoms` name a mistake that nobody listed, `limit` stops a function that does not end, `laptop` is `check`. All
of it needs NumPy alone and knows nothing of nbgrader or kernels.
"""
