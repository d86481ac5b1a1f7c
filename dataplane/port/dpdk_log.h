// What DPDK and its drivers say while something is being set up: kept, to go into the message of
// what failed, instead of being strewn over standard error.
#pragma once

#include <cstdio>
#include <string>

namespace gatepost::dataplane {

class DpdkLog {
  public:
    // From here on DPDK's log goes into memory.
    DpdkLog();
    ~DpdkLog();
    DpdkLog(const DpdkLog&) = delete;
    DpdkLog& operator=(const DpdkLog&) = delete;

    // The last lines, joined by "; "; "" where nothing was said.
    std::string last_lines() const;

  private:
    char* text_ = nullptr;
    size_t size_ = 0;
    std::FILE* stream_ = nullptr;
};

}  // namespace gatepost::dataplane
