// Package worker keeps pixels out of the service: it runs everything that decodes a stranger's file in processes of their
// own (工作进程), each the same program under another command, and ends those that crash, hang or grow.
//
// # Why
//
// What decodes pictures is a few hundred thousand lines of C. One file that makes it crash, loop or eat memory would take
// the service with it, with every upload that is on its way; one that makes it run code of its own could read every
// identity document that the service can. In a worker it costs one photo, and finds nothing to read.
//
// # What a worker may do
//
// It starts, loads decoder and models, and then gives up for good what it needs no more (sandbox.go): opening any file,
// the network, other programs, other processes; more open files, core dumps, files to write. It has no secret to tell: its
// environment holds none, and it never sees the store, the database or a name. What is left is one pipe to read requests
// from and one to answer on.
//
// # What a worker may cost
//
// Limits bound each photo: time by the deadline of its call, processor time and address space by the kernel, resident
// memory by a watcher, which also holds where address space cannot be bounded (the race detector reserves terabytes). A
// worker that passes one is killed, and another takes its place. After Recycle photos, or RecycleMemory bytes, a worker is
// replaced between two photos, so that no leak of a C library grows for long.
//
// # What a caller sees
//
// A Pool has the methods of imaging.Analyzer. A photo whose worker ended gives *Failure: a property of this photo, or of bad
// luck, and tried again Limits.Attempts times at most where it may have been bad luck. Any other error is what the method
// itself returns, the context's, or a failure of this machine (no worker could be started).
//
// Another operation takes a handler in operations.go and a method beside it: parameters and results go as JSON, pictures as
// they are.
package worker
