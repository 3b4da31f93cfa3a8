package main

import "syscall"

// terminate is how a test runner ends the server.
const terminate = syscall.SIGTERM
