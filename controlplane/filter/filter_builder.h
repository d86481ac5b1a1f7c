// Compiles filters in a thread of its own, as that may take seconds. One at most is under way; of
// those that wait meanwhile the newest is taken.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "controlplane/filter/filter_compiler.h"
#include "storage/base/unique_fd.h"

namespace gatepost::controlplane {

class FilterBuilder {
  public:
    static constexpr auto kForever = std::chrono::hours(24 * 365);

    FilterBuilder();
    // Waits for a compilation that is under way.
    ~FilterBuilder();
    FilterBuilder(const FilterBuilder&) = delete;
    FilterBuilder& operator=(const FilterBuilder&) = delete;

    void submit(FilterSource source);
    // The result of what was submitted last; nullopt: it is not there within that time, or was
    // taken before.
    std::optional<Result<FilterCompilation>> take(std::chrono::milliseconds patience);
    // Readable where a result may be there.
    int ready_fd() const { return ready_.get(); }

  private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<FilterSource> waiting_;
    std::optional<Result<FilterCompilation>> result_;
    bool busy_ = false;
    bool stop_ = false;
    UniqueFd ready_;  // an eventfd
    std::thread thread_;
};

}  // namespace gatepost::controlplane
