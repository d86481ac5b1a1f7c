// Changes that one connection of a mailbox makes, and when others that idle on it are told of them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tools/load/engine/histogram.h"
#include "tools/load/imap/imap_command.h"

namespace gatepost::tools {

class ImapWatch {
  public:
    // How long those that idle are waited for, from the OK of who made the change.
    static constexpr uint64_t kPatienceNs = 5'000'000'000;

    // `watchers`: of each mailbox, at least one.
    explicit ImapWatch(const std::vector<uint32_t>& watchers);

    // A change of this mailbox is about to be made, which had `exists` messages before.
    void begin(size_t mailbox, const ImapCommand& change, uint32_t exists);
    // It was made, or refused (then nobody is to be told).
    void made(size_t mailbox, bool ok, uint64_t now_ns);
    // What a watcher was told.
    void heard(size_t mailbox, uint32_t watcher, std::string_view text, uint64_t now_ns);
    // Whether another change may be made. One that was waited for too long is given up.
    bool settled(size_t mailbox, uint64_t now_ns);

    uint64_t changes() const { return changes_; }
    uint64_t unseen() const { return unseen_; }
    const Histogram& seen() const { return seen_; }

  private:
    struct Mailbox {
        ImapCommand change;
        uint32_t exists = 0;
        bool open = false;
        uint64_t made_ns = 0;
        std::vector<uint64_t> heard_ns;  // by watcher; 0: not yet
    };

    std::vector<Mailbox> mailboxes_;
    uint64_t changes_ = 0;
    uint64_t unseen_ = 0;
    Histogram seen_;
};

}  // namespace gatepost::tools
