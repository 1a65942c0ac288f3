// Which texts are numeric addresses.
#ifndef STAMPEDE_SIM_SIM_ADDRESS_H
#define STAMPEDE_SIM_SIM_ADDRESS_H

#include <string_view>

namespace stampede {

// What inet_pton(3) takes: "127.0.0.1" (four decimal numbers without leading zeros), "::1", "::ffff:127.0.0.1".
bool is_numeric_address(std::string_view text);

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_ADDRESS_H
