"""Runs agena's commands as a person does, and looks at what they print."""
import os
import subprocess

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "NAMESRV_ADDR"}


def run(*line, code=0, stdin=None):
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True, check=False,
                          timeout=60, input=stdin, env=ENVIRONMENT)
    text = done.stdout + done.stderr
    if done.returncode != code:
        raise AssertionError(f"{line} ended with {done.returncode} instead of {code}: {text}")
    return text


def expect(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError(f"'{part}' is missing in: {text}")
