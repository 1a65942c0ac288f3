// The program's own code and constants in huge pages.
#ifndef STAMPEDE_LIVE_HUGE_TEXT_H
#define STAMPEDE_LIVE_HUGE_TEXT_H

namespace stampede {

// Copies what of this program's file is mapped unwritable, from the edge of a huge page on, into anonymous huge pages
// at the same place: a fork then shares them by an entry each, where a file's pages are faulted in anew, sixteen at a
// time, by each process that is forked (a third of its faults). For a program that is linked for it
// (harness/cli/CMakeLists.txt); else, and where memory is short, nothing is moved. Of code in other files, and of
// writable pages, nothing is moved either. REQUIRES: one thread. Profilers and debuggers see code that belongs to no
// file then.
void move_text_to_huge_pages();

}  // namespace stampede

#endif  // STAMPEDE_LIVE_HUGE_TEXT_H
