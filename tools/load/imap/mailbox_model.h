// What a mailbox has to be like after a run: the messages that were there, those that were given to
// it, and the flags of each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::tools {

// How a mailbox differs from its model.
struct MailboxDifferences {
    uint64_t messages = 0;    // that were compared
    uint64_t missing = 0;     // in the model, not in the mailbox
    uint64_t unexpected = 0;  // in the mailbox, and nobody put it there
    uint64_t wrong_flags = 0;
    uint64_t doubled_uids = 0;  // given to two messages
    uint64_t uncertain = 0;     // flags that were not compared: a change of them had no answer

    bool any() const { return missing + unexpected + wrong_flags + doubled_uids > 0; }
    void add(const MailboxDifferences& other);
};

class MailboxModel {
  public:
    struct Message {
        uint32_t uid = 0;
        uint8_t flags = 0;  // kImapSeen, …
        bool uncertain = false;
    };

    // A message that is there when the run begins; in the order of their numbers.
    void learn(uint32_t uid, uint8_t flags) { messages_.push_back({uid, flags, false}); }
    // The messages that were learnt, by their number less one.
    size_t learnt() const { return learnt_; }
    void end_learning() { learnt_ = messages_.size(); }
    uint8_t flags(size_t index) const { return messages_[index].flags; }
    void set_flags(size_t index, uint8_t flags) { messages_[index].flags = flags; }
    // A change of its flags came to no end that is known.
    void doubt(size_t index) { messages_[index].uncertain = true; }

    // An APPEND that was accepted; nullopt: its UID was not told.
    void appended(std::optional<uint32_t> uid, uint8_t flags);
    // One without an answer: it may be there.
    void doubt_append() { ++maybe_; }

    // `seen`: all messages of the mailbox. The model is of no use afterwards.
    MailboxDifferences compare(std::vector<Message> seen);

  private:
    std::vector<Message> messages_;
    size_t learnt_ = 0;
    uint64_t without_uid_ = 0;
    uint64_t maybe_ = 0;
};

}  // namespace gatepost::tools
