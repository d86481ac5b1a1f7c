// Sets of flags, each of them once: a million messages have a handful.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tools/gatepost/imap_client/server_response.h"

namespace gatepost::tools {

// "$Forwarded \Seen": in order, with the system's as RFC 9051 §2.3.2 writes them; without \Recent,
// which is no property of a message, and without what no server has to take.
std::string flags_text(const std::vector<std::string_view>& flags);
// Of the list behind FLAGS.
std::string flags_text(const ResponseValue& flags);
std::vector<std::string_view> flags_in(std::string_view text);

// What there is in `a`, and not in `b`: texts of flags, as the result.
std::string flags_without(std::string_view a, std::string_view b);

// Of all threads.
class FlagTable {
  public:
    // The number of a text of flags_text().
    uint32_t number(std::string_view text);
    // Valid as long as the table.
    std::string_view text(uint32_t number) const;

  private:
    mutable std::mutex mutex_;
    std::deque<std::string> texts_;
    std::unordered_map<std::string_view, uint32_t> numbers_;
};

}  // namespace gatepost::tools
