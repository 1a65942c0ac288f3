// Whether this program has a sanitizer's runtime in it, whose own system calls would be steps.
#ifndef STAMPEDE_PLAN_SANITIZED_H
#define STAMPEDE_PLAN_SANITIZED_H

namespace stampede {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif
#else
inline constexpr bool kIsSanitized = false;
#endif

}  // namespace stampede

#endif  // STAMPEDE_PLAN_SANITIZED_H
