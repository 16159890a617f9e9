# Every command is one line that calls start.py, where it is explained: `make help`.
# Another Python: make lab PYTHON=python3.12. More arguments: make test ARGS="-k angular".
# The instructor's folders: make grade SUBMISSIONS=folder OUT=folder. A platform's: make collect ARCHIVE=zip LAB=lab.
# A new exercise: make exercise LAB=lab NAME=name.
# The tables of units, written anew: make syllabus ARGS=--write.
PYTHON ?= python3
SUBMISSIONS ?= submissions
OUT ?= grading/first

.PHONY: help lab trax syllabus site doctor labs release sample collect grade regrade formgrader feedback export exercise selftest test test-long bench lock

help:
	@$(PYTHON) start.py --help

lab trax syllabus site doctor labs release selftest test test-long bench lock:
	@$(PYTHON) start.py $@ $(ARGS)

sample:
	@$(PYTHON) start.py $@ "$(SUBMISSIONS)" $(ARGS)

collect:
	@$(PYTHON) start.py $@ $(if $(ARCHIVE),"$(ARCHIVE)") $(if $(LAB),--lab "$(LAB)") --out "$(SUBMISSIONS)" $(ARGS)

grade:
	@$(PYTHON) start.py $@ "$(SUBMISSIONS)" --out "$(OUT)" $(ARGS)

regrade formgrader feedback export:
	@$(PYTHON) start.py $@ "$(OUT)" $(ARGS)

exercise:
	@$(PYTHON) start.py $@ $(LAB) $(NAME) $(ARGS)
