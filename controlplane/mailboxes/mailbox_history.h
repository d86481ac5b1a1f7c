// Whether the database still knows what it has told. One that was restored from a backup, or whose
// place a replica took that lagged behind, gives UIDs and modseqs out a second time, for other
// messages and other changes: clients that have seen the first ones have to throw away what they
// know of the mailbox. It gets another UIDVALIDITY then, the one signal they have for that
// (RFC 9051 §2.3.1.1), and their sessions end.
//
// Found out in two ways: by numbers that are lower than they were; and, where another server, time
// line or database answers after a new connection, by asking it for the last change of each mailbox
// that is in memory, because by then it may have got past those numbers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controlplane/mailboxes/mailbox_context.h"

namespace gatepost::controlplane {

class MailboxHistory {
  public:
    // `reads`: for questions; `loads`: for new numbers. `renumbered` is called for a mailbox that
    // has got another UIDVALIDITY, or is to be looked at again later.
    MailboxHistory(MailboxContext& context, DatabaseLink& reads, DatabaseLink& loads,
                   std::function<void(uint64_t mailbox_id, bool done)> renumbered)
        : context_(context), reads_(reads), loads_(loads), renumbered_(std::move(renumbered)) {}

    // False: the database, asked when sessions had seen the mailbox at `seen`, has gone back behind
    // that. `now` is not to be used; the mailbox gets another UIDVALIDITY.
    bool goes_on(const std::optional<storage::MailboxStatus>& seen,
                 const storage::MailboxStatus& now);
    // After every new connection: `then` is called when all connections may follow the server that
    // answers, and what is resident belongs to it. Where they may not, there will be another check:
    // they are made anew, or have found another server. While one is under way, what that one calls
    // in the end will do for all.
    void check(std::function<void()> then);

    uint64_t mailboxes_lost() const { return mailboxes_lost_; }

  private:
    // A message as the last change of its mailbox left it.
    struct Claim {
        uint64_t mailbox_id = 0;
        storage::MailboxEntry entry;
    };
    // Of what is resident. Until the era ends in which they are gathered, nothing is taken from any
    // server, and so nothing is missing.
    struct Claims {
        std::vector<Claim> claims;
        std::unordered_map<uint64_t, storage::MailboxStatus> seen;  // the mailboxes that it is of
    };
    // Mailboxes.
    using Contradicted = tl::expected<std::set<uint64_t>, PipelineFailure>;

    Claims claims() const;
    static PipelineQuery contradicted_query(std::span<const Claim> claims);
    // In the thread of the connection.
    Contradicted contradicted(DatabaseSession& session, std::span<const Claim> claims,
                              uint64_t era) const;
    void take_failure(const PipelineFailure& failure);
    void take_answer(const std::string& identity, const Claims& claims,
                     const std::set<uint64_t>& contradicted);
    void take_contradicted(const Claims& claims, const std::set<uint64_t>& mailboxes);
    // `uid_validity`: that of the database now; where it has got another one meanwhile, that will
    // do.
    void renumber(const storage::MailboxStatus& seen, uint32_t uid_validity);
    // Mailboxes that were gone may be there again, as nobody knows how they were then: those that
    // sessions have seen get another UIDVALIDITY.
    void expect_gone_again();

    MailboxContext& context_;
    DatabaseLink& reads_;
    DatabaseLink& loads_;
    const std::function<void(uint64_t, bool)> renumbered_;
    std::string identity_;  // of the database that what is resident comes from; "": not known yet
    // Mailboxes that have to get another UIDVALIDITY, as sessions had seen them, until they have
    // it.
    std::unordered_map<uint64_t, storage::MailboxStatus> lost_;
    std::unordered_set<uint64_t> under_way_;  // of them
    std::optional<uint64_t> checking_;        // the era of the check that is under way
    std::string logged_error_;                // of the last one; "": it was answered
    std::chrono::steady_clock::time_point logged_at_{};
    uint64_t mailboxes_lost_ = 0;
};

}  // namespace gatepost::controlplane
