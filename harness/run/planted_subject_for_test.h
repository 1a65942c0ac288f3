// For tests of what searches: the built-in cache's place is taken by one that lies when it is told to.
#ifndef STAMPEDE_RUN_PLANTED_SUBJECT_FOR_TEST_H
#define STAMPEDE_RUN_PLANTED_SUBJECT_FOR_TEST_H

#include <cstdint>

namespace stampede {

enum class PlantedLie : std::uint8_t {
  none,         // the cache itself
  says_it_has,  // a get succeeds and does nothing: bytes_are_what_was_asked
  forgets,      // every third process reads the clock once more: two runs differ
};

// Read by each client as it is made. In a program that links stampede_planted_subject, an object and no archive.
PlantedLie& planted_lie();

}  // namespace stampede

#endif  // STAMPEDE_RUN_PLANTED_SUBJECT_FOR_TEST_H
