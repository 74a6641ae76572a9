"""What a request costs: Haar beside the peers a Python user would otherwise run.

`make bench` starts each server by itself, in rounds that take turns, and sends the same signed requests to each of
them over keep-alive connections. docs/performance.md is its only output besides the table it prints.

| module    | what it does                                                       |
|-----------|--------------------------------------------------------------------|
| peers     | what is measured: how each server is installed and started         |
| process   | a server's processes: start, CPU time, memory, end                 |
| signing   | requests as the bytes that botocore would send                     |
| cases     | what is asked of the servers, and what counts as an answer         |
| load      | keep-alive connections with one request in flight each             |
| goals     | the figures a release must hold                                    |
| report    | medians, the table, and the page in the docs                       |
"""
