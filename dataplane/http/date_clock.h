// The time as the Date header has it (RFC 9110 §5.6.7), written once per second.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatepost::dataplane {

class DateClock {
  public:
    DateClock() { write(); }
    void set(uint64_t unix_s) {
        if (unix_s == unix_s_) return;
        unix_s_ = unix_s;
        write();
    }
    std::string_view text() const { return {text_, sizeof text_}; }

  private:
    void write();

    uint64_t unix_s_ = 0;
    char text_[29];  // "Sun, 06 Nov 1994 08:49:37 GMT"
};

}  // namespace gatepost::dataplane
