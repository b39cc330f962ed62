"""Builds the extension module weyl._native on libweyl.

In a checkout libweyl.a is built first, by CMake, in the folder WEYL_BUILD (default: build/ of the checkout, that of
`make`); elsewhere an installed libweyl is found by pkg-config.
"""
import os
import shlex
import subprocess
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def run(*command, **options):
    """A failure stops the build with a sentence."""
    try:
        return subprocess.run(command, check=True, **options)
    except FileNotFoundError:
        raise SystemExit(f"weyl: {command[0]} is missing: apt install {command[0]}")
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"weyl: {' '.join(command)} failed (exit status {error.returncode})")


def checkout():
    """Include folder, objects and libraries of the sources around this folder."""
    build = Path(os.environ.get("WEYL_BUILD", ROOT / "build")).resolve()
    if not (build / "CMakeCache.txt").exists():
        run("cmake", "-S", str(ROOT), "-B", str(build), "-DCMAKE_BUILD_TYPE=Release")
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 2))
    run("cmake", "--build", str(build), "--target", "weyl_static", "--parallel", jobs)
    lines = (build / "weyl.pc").read_text().splitlines()
    libraries = next(line.split(":", 1)[1] for line in lines if line.startswith("Libs.private:"))
    return [str(ROOT / "include")], [str(build / "libweyl.a")], shlex.split(libraries)


def installed():
    flags = shlex.split(run("pkg-config", "--cflags-only-I", "--libs", "weyl", capture_output=True, text=True).stdout)
    return [f[2:] for f in flags if f.startswith("-I")], [], [f for f in flags if not f.startswith("-I")]


class Build(build_ext):
    def build_extension(self, extension):
        inside = (ROOT / "CMakeLists.txt").exists() and (ROOT / "include" / "weyl" / "irrep.h").exists()
        include, objects, link = checkout() if inside else installed()
        extension.include_dirs += include
        extension.extra_objects += objects
        # what weyl brings stays its own: symbols of the archive are not exported, libraries not needed not loaded
        extension.extra_link_args += ["-Wl,--as-needed", "-Wl,--exclude-libs,ALL", *link]
        super().build_extension(extension)


setup(
    ext_modules=[
        Extension(
            "weyl._native",
            sorted(str(path.relative_to(HERE)) for path in (HERE / "src" / "native").glob("*.c")),
            depends=["src/native/native.h"],
            extra_compile_args=["-std=c17", "-O3", "-Wall", "-Wextra", "-Wno-cast-function-type", "-fvisibility=hidden"],
            py_limited_api=True,
        )
    ],
    cmdclass={"build_ext": Build},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
