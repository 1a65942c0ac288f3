// Text from outside, made safe for a terminal.
#ifndef MODELCACHE_COMMAND_PRINTABLE_H
#define MODELCACHE_COMMAND_PRINTABLE_H

#include <cstddef>
#include <string>
#include <string_view>

namespace modelcache {

// Each control character (C0, DEL, and C1 as UTF-8 encodes it) and each byte that is not part of well-formed UTF-8
// becomes '?': a server or file name must not move the cursor, colour the screen or add lines.
std::string printable(std::string_view text);

// The number of characters of well-formed UTF-8. Wide and combining characters count one each.
std::size_t character_count(std::string_view text);

// The first `count` characters; all of it when it has fewer.
std::string_view first_characters(std::string_view text, std::size_t count);

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_PRINTABLE_H
