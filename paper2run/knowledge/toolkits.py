"""Toolkits that no package index brings, and what tools print without them.

CMake's own words for a package that it does not find, compilers' for a header, shells' for a program or a folder.
"""

import re
from typing import Final, Literal, NamedTuple

Cause = Literal["unknown_toolchain", "proprietary_toolchain", "unsupported_platform"]


class Toolkit(NamedTuple):
    """A toolkit, what its absence looks like in a log, and what that means for the code."""

    name: str
    absent: re.Pattern[str]
    cause: Cause


UNSET: Final = (
    r"['\"`)}]*(?: environment| variable| is| has| was| must| should){0,4}(?: be| not|:){0,2}"
    r" ?(?:un)?(?:set|defined|found|empty|exist)"
)
"""What build tools say behind the name of a variable of theirs."""
TOOLKITS: Final = (
    Toolkit(
        "ROS",
        re.compile(
            r"Find(?:catkin|ament_\w+|roscpp|rclcpp)\.cmake"
            r"|package configuration file provided by \"(?:catkin|ament_\w+|roscpp|rclcpp|rosidl_\w+)\""
            r"|/opt/ros/|\b(?:ros|rclcpp)/\w+\.h(?:pp)?: No such file"
            r"|\b(?:catkin_make|catkin|colcon|roslaunch|rosrun): (?:command )?not found"
        ),
        "unknown_toolchain",
    ),
    Toolkit(
        "Xilinx's or Intel's tools for FPGAs",
        re.compile(
            r"/(?:opt|tools)/(?:\w+/)?(?i:xilinx|intelfpga\w*|altera)\b"
            rf"|\b(?:XILINX|ALTERA|INTELFPGA)_\w+{UNSET}|\$[({{]?(?:XILINX|ALTERA|INTELFPGA)_"
            r"|Find(?:Vitis|Vivado|SDAccel|IntelFPGAOpenCL)\.cmake"
            r"|Could NOT find (?:Vitis|Vivado|SDAccel|IntelFPGAOpenCL)\b"
            r"|\b(?:vitis|vivado|vitis_hls|vivado_hls|v\+\+|xocc|aoc|quartus_\w+): (?:command )?not found"
            r"|\b(?:ap_(?:int|fixed|axi_sdata)|hls_(?:stream|math|vector))\.h: No such file"
        ),
        "proprietary_toolchain",
    ),
    Toolkit(
        "the SDK of Intel SGX",
        re.compile(
            r"/sgxsdk\b|\bSGX_SDK\b|\bsgx_\w+\.h(?:pp)?: No such file|cannot find -lsgx_"
            r"|\bsgx_edger8r: (?:command )?not found"
        ),
        "unsupported_platform",
    ),
    Toolkit(
        "the SDK of Android",
        re.compile(
            rf"\bANDROID_(?:NDK|SDK|HOME)\w*{UNSET}|\$[({{]?ANDROID_|SDK location not found"
            r"|\bndk-build: (?:command )?not found"
        ),
        "unknown_toolchain",
    ),
)
"""In order: the first that a line speaks of counts."""
