// Names in real directories, and their removal.
#ifndef STAMPEDE_LIVE_DIRECTORY_TREE_H
#define STAMPEDE_LIVE_DIRECTORY_TREE_H

#include <string>
#include <vector>

namespace stampede {

// The names in the directory that `directory` has open (O_PATH will do), without "." and "..", sorted bytewise. False
// with errno.
bool names_in(int directory, std::vector<std::string>& names);
// Removes everything below it, links not followed. False with errno.
bool remove_below(int directory);

}  // namespace stampede

#endif  // STAMPEDE_LIVE_DIRECTORY_TREE_H
