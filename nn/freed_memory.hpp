// Memory that was freed, back to the system.
#pragma once

namespace ohmic {

/// Has the C library give back what it keeps of freed memory, where that is much. It reuses few
/// holes in its heap for tensors, which are aligned: every layer of a deep network may leave its
/// own.
void give_back_freed_memory();

}  // namespace ohmic
