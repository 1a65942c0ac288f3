// What the kernel gives a program that has just been executed, made the same in each run.
#ifndef STAMPEDE_LIVE_NEW_IMAGE_H
#define STAMPEDE_LIVE_NEW_IMAGE_H

#include <sys/types.h>

#include <cstdint>

namespace stampede {

// To be called at the first stopped call of a new image, before any code of the program has looked at a clock. Its vDSO
// then makes system calls, which are stopped, and the 16 random bytes that the kernel laid on its stack are `seed`'s.
// (Taking the vDSO's entry out of the auxiliary vector would need a ptrace stop at each exec: by its first call a
// program's loader has read the vector.) Null, or why the image keeps clocks of its own.
const char* tame_new_image(pid_t process, std::uint64_t seed);

}  // namespace stampede

#endif  // STAMPEDE_LIVE_NEW_IMAGE_H
