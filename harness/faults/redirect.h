// Where redirects lead: Location fields, and the mark by which the server knows who followed one.
#ifndef STAMPEDE_FAULTS_REDIRECT_H
#define STAMPEDE_FAULTS_REDIRECT_H

#include <string>
#include <string_view>

#include "harness/plan/network_fault.h"

namespace stampede {

// What a request's target says about the redirect that it followed: a parameter `redirected` in its query, so that the
// rest of the query survives.
enum class Redirected { no, to_be_served_well, in_a_loop };
Redirected redirected_of(std::string_view target);

// The Location for a request of `target`. `other_origin` is "http://127.0.0.2:4711".
// REQUIRES: one of the four redirects.
std::string location_of(FaultKind redirect, std::string_view target, std::string_view other_origin);

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_REDIRECT_H
