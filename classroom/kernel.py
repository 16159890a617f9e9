"""IPython's kernel without its version number: what JupyterLab starts for the course (see jupyter/kernels/)."""

from ipykernel.ipkernel import IPythonKernel

# JupyterLab writes what a kernel says of its language into each notebook that it opens. Where that is not what is
# stored, the notebook is marked as unsaved before anything was done to it, and the version would differ everywhere.
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


class CourseKernel(IPythonKernel):
    """IPython's kernel; of its language it says what the course's notebooks are stored with."""

    language_info = LANGUAGE
