"""What can be wrong with a submission: stable codes, which mean the same in every version of drivebench.

``drivebench check`` reports them, and so does ``evaluate`` where it refuses a submission before it drives.
The table in ``docs/submit.md`` is this one; a test holds them against each other. A code is never given a
second meaning: one that is no longer needed is left out.
"""

from enum import StrEnum

from drivebench.errors import ConfigurationError, DataError, DrivebenchError

__all__ = ["Code", "CodedError", "ContentError", "ManifestError"]


class Code(StrEnum):
    """A code, with what it says and what to do.

    Attributes:
        meaning: What was found.
        remedy: What to do about it.
        warning: Whether the submission is accepted all the same.
    """

    meaning: str
    remedy: str
    warning: bool

    def __new__(cls, code: str, meaning: str, remedy: str, warning: bool = False) -> "Code":
        """A code with its texts."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning, member.remedy, member.warning = meaning, remedy, warning
        return member

    # ------------------------------------------------------------------------------ the directory
    NO_MANIFEST = (
        "DB101",
        "the directory has no `submission.toml`",
        "begin with `drivebench init-submission`",
    )
    NOT_TOML = ("DB102", "`submission.toml` is not TOML", "correct the line that the message names")
    SCHEMA = (
        "DB103",
        "a field of `submission.toml` is missing, unknown or wrong",
        "correct the fields that the message names",
    )
    FORM = (
        "DB104",
        "not exactly one of `entry_point`, `architecture` and `onnx` is given",
        "say what drives: code, a registered architecture, or an ONNX file",
    )
    SPECIAL_FILE = (
        "DB105",
        "a symbolic link, or something else that is neither file nor folder",
        "put a copy in its place",
    )
    TOO_LARGE = ("DB106", "too many files, or too many bytes", "leave out what the policy does not read")
    MISSING_FILE = (
        "DB107",
        "a file that the manifest asks for is not there",
        "add it, or correct the manifest",
    )
    ARCHITECTURE = (
        "DB108",
        "no such architecture is registered",
        "take the nearest name, or install the package that registers it",
    )
    TRAINING_RECORD = (
        "DB109",
        "`training.json` is not an object of texts and finite numbers",
        "write null for a number that there is not, or remove the file",
    )
    # ------------------------------------------------------------------------------ weights
    PICKLE = (
        "DB201",
        "a file that runs code when it is loaded: a pickle, or what torch, NumPy or Keras unpickle",
        "save weights as safetensors, ONNX, or NumPy arrays without objects",
    )
    SAFETENSORS = (
        "DB202",
        "a safetensors file whose header is absurd or does not fit its data",
        "save it again",
    )
    ONNX = ("DB203", "the ONNX file cannot be read as a model", "export it again")
    ONNX_EXTERNAL = ("DB204", "the ONNX model keeps data outside of its file", "export it as one file")
    ONNX_OPERATOR = (
        "DB205",
        "an operator, function or operator set that is not on the allow-list",
        "export with standard operators; `docs/submit.md` lists them",
    )
    ONNX_TENSOR = (
        "DB206",
        "a tensor of the ONNX model that is too large, or does not have the data that it announces",
        "export it again, smaller",
    )
    ONNX_INPUTS = (
        "DB207",
        "inputs or outputs of the ONNX model are not the declared sensors and `actions`",
        "name the inputs after the sensors, and have one output `actions`",
    )
    NETWORK = (
        "DB208",
        "`network.json` or the weights are not what the architecture takes",
        "write them with the code that trained them",
    )
    # ------------------------------------------------------------------------------ sensors
    SENSOR = (
        "DB301",
        "an unknown sensor, option of a sensor, or value of an option",
        "take one that `docs/submit.md` lists",
    )
    PRIVILEGED = (
        "DB302",
        "the privileged track: it is for drivers that see the world, and is never ranked",
        "declare sensors, and leave `track` out: it follows from them",
    )
    TRACK = ("DB303", "the stated track is not the one that follows from the sensors", "leave `track` out")
    UNDECLARED = ("DB304", "the policy asks for a sensor that the manifest does not declare", "declare it")
    LEAKS_LABEL = (
        "DB305",
        "a sensor that tells what was just done; the table marks the row",
        "leave it out unless you mean to",
        True,
    )
    RECORDING_ONLY = (
        "DB306",
        "a camera that is for recording demonstrations only",
        "drive with `front`, `mirror-left` and `mirror-right`; train on the side views if you like",
    )
    # ------------------------------------------------------------------------------ running
    START_UP = (
        "DB401",
        "the policy cannot be imported or loaded, or not in time",
        "mend what the message names",
    )
    RAISED = ("DB402", "the policy raises while it drives", "mend what the message names")
    TIMED_OUT = ("DB403", "no answer in time", "be faster: a batch has 32 episodes and one thread")
    MEMORY = ("DB404", "more memory than is allowed", "use less")
    EXITED = ("DB405", "the policy's process ended", "see what it printed")
    PROTOCOL = (
        "DB406",
        "the policy's process said something else than an answer",
        "leave the inherited file descriptors alone",
    )
    SHAPE = ("DB407", "actions of another shape or type than `float32 (n, 2)`", "answer one row a slot")
    RANGE = ("DB408", "actions that are not finite numbers in [-1, 1]", "clip them")
    IMPORTS = (
        "DB409",
        "an import that is not installed here, or that a policy does not need and isolation refuses",
        "leave it out, or make sure that it is only for training",
        True,
    )
    SLOW = (
        "DB410",
        "more than half of the time or memory that is allowed",
        "a busy or slower machine may be too slow for it",
        True,
    )
    PROCESSES = ("DB411", "more processes and threads than are allowed", "start fewer")
    # ------------------------------------------------------------------------------ determinism
    NOT_REPEATABLE = (
        "DB501",
        "the same observations, shown again, are answered otherwise",
        "seed nothing from the clock, take no part of what was before `load`",
    )
    LAST_BITS = (
        "DB502",
        "shown again, the same observations are answered otherwise in the last bits",
        "copy observations before you compute with them; use one thread",
        True,
    )
    NEIGHBOURS = (
        "DB503",
        "what an episode is answered depends on the slot it is in, or on the others",
        "keep what is remembered by slot; forget it in `reset`",
        True,
    )


class CodedError(DrivebenchError):
    """Something is wrong with a submission, and has a code.

    Attributes:
        code: Which.
        problem: The message without the code.
    """

    def __init__(self, code: Code, problem: str) -> None:
        self.code = code
        self.problem = problem
        super().__init__(f"{code.value}: {problem}")

    def __reduce__(self) -> tuple[type["CodedError"], tuple[Code, str]]:
        """Can be sent from one process to another."""
        return type(self), (self.code, self.problem)


class ManifestError(CodedError, ConfigurationError):
    """The manifest of a submission says something that cannot be."""


class ContentError(CodedError, DataError):
    """A file of a submission is not what it should be."""
