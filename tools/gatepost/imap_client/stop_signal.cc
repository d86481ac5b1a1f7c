#include "tools/gatepost/imap_client/stop_signal.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>

#include "storage/base/check.h"

namespace gatepost::tools {

StopSignal::StopSignal() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    GATEPOST_CHECK(event_);
}

void StopSignal::stop() noexcept {
    const int saved = errno;
    stopped_.store(true, std::memory_order_relaxed);
    constexpr uint64_t kOne = 1;
    // Full after 2^64 signals: then it is readable as well.
    [[maybe_unused]] const ssize_t written = ::write(event_.get(), &kOne, sizeof kOne);
    errno = saved;
}

}  // namespace gatepost::tools
