#!/bin/sh
# What a Job of the Hub does with this code, in its folder: make publish AUTO_RETRAIN=1 starts it.
#   sh training/retrain/schedule/job.sh you/blog-tagger you/blog-corrections 15
set -eu
model=$1 corrections=$2 minutes=$3

# Needs nothing but huggingface_hub: most Jobs of a burst of corrections end here.
if PYTHONPATH=space:. python -m training.retrain.held --corrections "$corrections"; then
    exit 0
fi
make install

# In the background, so that a Job that is stopped gives the lock back.
trap 'kill -TERM "${!-}" 2> /dev/null && wait "$!"; exit 143' TERM INT
.venv/bin/python -m training.retrain --model "$model" --corrections "$corrections" --rest "$minutes" &
status=0
wait "$!" || status=$?
# 3: a pull request waits for a person, which is no failure of the Job.
[ "$status" -eq 3 ] && exit 0
exit "$status"
