# Every command is one line that calls start.py, where it is explained: `make help`.
# Another Python: make lab PYTHON=python3.12. More arguments: make test ARGS="-k angular".
# The instructor's folders: make grade SUBMISSIONS=folder OUT=folder.
PYTHON ?= python3
SUBMISSIONS ?= submissions
OUT ?= grading/first

.PHONY: help lab test test-long trax labs sample grade formgrader selftest site bench lock

help:
	@$(PYTHON) start.py --help

lab test test-long trax labs selftest site bench lock:
	@$(PYTHON) start.py $@ $(ARGS)

sample:
	@$(PYTHON) start.py $@ "$(SUBMISSIONS)" $(ARGS)

grade:
	@$(PYTHON) start.py $@ "$(SUBMISSIONS)" --out "$(OUT)" $(ARGS)

formgrader:
	@$(PYTHON) start.py $@ "$(OUT)" $(ARGS)
