// Memory that was freed: back to the system, or kept.
#pragma once

namespace ohmic {

/// Has the C library give back what it keeps of freed memory, where that is much. It reuses few
/// holes in its heap for tensors, which are aligned: every layer of a deep network may leave its
/// own.
void give_back_freed_memory();

/// For the rest of the process the C library keeps freed memory for what is wanted next. It maps
/// large tensors anew each time else, and every page of them is a fault when it is first written.
/// For work that makes the same tensors again and again.
void keep_freed_memory();

}  // namespace ohmic
