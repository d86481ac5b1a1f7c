// The arena of mailboxes and what is in it: accounts and mailboxes come as they are asked for, and
// the messages of those that nobody has asked for go where others need the room.
//
// A step is taken only where the index is at the state that the step begins from, so that no
// change of a mailbox is missing, however they arrive.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controlplane/mailboxes/mailbox_rows.h"
#include "controlplane/mailboxes/moved_message.h"
#include "storage/mailbox_index/mailbox_filling.h"
#include "storage/mailbox_index/mailbox_index_writer.h"

namespace gatepost::controlplane {

struct MailboxArenaCounters {
    uint64_t evictions = 0;
    uint64_t full = 0;      // what did not fit whatever was evicted
    uint64_t dropped = 0;   // mailboxes that were taken out because a change of them did not fit
    uint64_t replaced = 0;  // mailboxes that got another UIDVALIDITY
    uint64_t behind_floor = 0;  // mailboxes whose expunged messages are not known any more
    uint64_t crowded = 0;       // mailboxes whose keywords were too many, unused ones among them
};

class MailboxArena {
  public:
    using Clock = std::chrono::steady_clock;

    // `octets_max`: of messages, beyond which mailboxes are evicted, but for those that were asked
    // for in the time `kept`. `size_max`: of the arena.
    static Result<std::unique_ptr<MailboxArena>> create(uint64_t size_max, uint64_t octets_max,
                                                        Clock::duration kept, uint64_t generation,
                                                        storage::Qsbr& qsbr);

    storage::MailboxIndexView view() const { return writer_->view(); }
    const storage::MailboxIndexWriter& writer() const { return *writer_; }
    const MailboxArenaCounters& counters() const { return counters_; }

    // 0: not known.
    uint64_t modseq_of(uint64_t mailbox_id) const;
    // The newest state by which sessions may have seen its messages: in this arena, since it was
    // made or got its UIDVALIDITY. nullopt: they have seen none.
    std::optional<storage::MailboxStatus> seen_of(uint64_t mailbox_id) const;
    bool is_resident(uint64_t mailbox_id) const;
    bool has_account(uint64_t account_id) const { return accounts_.contains(account_id); }
    // What is missing of a resident mailbox; of another one, all of it.
    MailboxWant want_of(uint64_t mailbox_id) const;
    std::vector<uint64_t> known_mailboxes() const;
    std::vector<uint64_t> resident_mailboxes() const;
    std::vector<uint64_t> accounts() const;
    // Accounts whose lists have it.
    std::vector<uint64_t> accounts_that_list(uint64_t mailbox_id) const;

    // Somebody has asked for it.
    void touch(uint64_t mailbox_id, Clock::time_point now);

    // Refused: the arena is full.
    Status put_account(const AccountList& list);
    void remove_account(uint64_t account_id);

    enum class Applied : uint8_t {
        nothing,  // the index is as far, or farther
        changed,
        gap,   // what lies between is missing
        gone,  // the mailbox is not in the index any more
        full,
    };
    // One that is not resident gets the status alone. Another UIDVALIDITY takes the messages away:
    // what is known of them is of another mailbox then.
    Applied put_status(const storage::MailboxStatus& status);
    // The same, also where it is a step back.
    Applied put_status_back(const storage::MailboxStatus& status);
    // What cannot be taken as a step (the expunged messages are not known, there are too many
    // keywords) takes the messages away, and they are loaded as a whole when somebody asks for
    // them.
    Applied apply(const MailboxDelta& delta);
    // All messages of a mailbox that is not resident, and is so once the load ends; see
    // storage::MailboxIndexWriter. Refused: they do not fit whatever is evicted.
    std::unique_ptr<storage::MailboxFilling> begin_load() { return writer_->begin_load(); }
    Status add(uint64_t mailbox_id, storage::MailboxFilling& filling,
               std::span<const storage::MailboxMessage> messages);
    Applied end_load(storage::MailboxFilling& filling, const storage::MailboxStatus& status);
    // Takes its messages away; they are loaded as a whole when somebody asks for them.
    void let_go(uint64_t mailbox_id);
    void remove_mailbox(uint64_t mailbox_id);
    // The same of one that the database has no longer: what was read of it before comes too late. A
    // later UIDVALIDITY is of another mailbox, which a database that went back gave its id.
    void forget_for_ever(uint64_t mailbox_id);
    bool is_gone(const storage::MailboxStatus& status) const;
    // The database went back: what was gone may be there again. Gives those whose messages sessions
    // may have seen, as they had seen them.
    std::vector<storage::MailboxStatus> forget_gone();
    // Messages of one mailbox, UIDs ascending. No state of it changes, and nobody is told: readers
    // find the new places. One that has no room for that is taken out of memory.
    void move_bodies(std::span<const MovedMessage> messages);
    Status add_summaries(uint64_t mailbox_id,
                         std::span<const std::pair<uint32_t, Bytes>> summaries);

    // Evicts what is over the budget.
    void keep_budget(Clock::time_point now);
    void reclaim() { writer_->reclaim(); }

  private:
    struct Resident {
        Clock::time_point asked_at{};
        uint64_t octets = 0;
    };

    struct Gone {
        uint32_t uid_validity = 0;  // the last one that was known
        std::optional<storage::MailboxStatus> seen;
    };

    MailboxArena(std::unique_ptr<storage::MailboxIndexWriter> writer, uint64_t octets_max,
                 Clock::duration kept)
        : writer_(std::move(writer)), octets_max_(octets_max), kept_(kept) {}

    // Makes room and tries again where the arena is full. `mailbox_id` stays.
    Status with_room(uint64_t mailbox_id, const std::function<Status()>& step);
    // The one that was not asked for for the longest time; false: all are to stay.
    bool evict_one(uint64_t but, Clock::time_point now);
    void count(uint64_t mailbox_id);
    Applied start_over(const storage::MailboxStatus& status);
    // Whether its keywords are to be worked out anew.
    bool is_crowded(uint64_t mailbox_id) const;
    void forget_resident(uint64_t mailbox_id);
    void unlist(uint64_t account_id);

    std::unique_ptr<storage::MailboxIndexWriter> writer_;
    const uint64_t octets_max_;
    const Clock::duration kept_;
    uint64_t octets_ = 0;  // of all resident ones
    std::unordered_map<uint64_t, Resident> resident_;
    std::set<std::pair<Clock::time_point, uint64_t>> by_age_;  // the same, by asked_at
    // Of mailboxes that were resident before: as they were when they went.
    std::unordered_map<uint64_t, storage::MailboxStatus> seen_;
    std::unordered_set<uint64_t> known_;  // mailboxes whose status is there
    std::unordered_map<uint64_t, std::vector<uint64_t>> accounts_;  // the mailboxes that each lists
    std::unordered_map<uint64_t, std::vector<uint64_t>> listed_by_;
    std::unordered_map<uint64_t, Gone> gone_;
    MailboxArenaCounters counters_;
};

}  // namespace gatepost::controlplane
