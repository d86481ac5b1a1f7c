// What the parts of the mailbox service share. All of it is of the service's thread; jobs of the
// database's connections run in threads of their own, and hand over what they have got.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/mailboxes/database_link.h"
#include "controlplane/mailboxes/mailbox_arena.h"
#include "controlplane/mailboxes/mailbox_workers.h"
#include "controlplane/mailboxes/read_requests.h"

namespace gatepost::controlplane {

// How it went, to whoever waits for it.
struct Answer {
    storage::MailboxOutcome outcome = storage::MailboxOutcome::ok;
    std::string text;  // for people, where it is not ok

    static Answer of(const PipelineFailure& failure) {
        return {outcome_of(failure), text_of(failure)};
    }
    static Answer full() {
        return {storage::MailboxOutcome::unavailable,
                "there is no room in memory for this mailbox; see mailboxes in `gatepost status`"};
    }
};
using Done = std::function<void(const Answer&)>;

// A query that PostgreSQL refused (statement_timeout, a conflict) is asked again after so long. One
// that did not reach it is not: everything is compared when it is back.
inline constexpr std::chrono::seconds kAskAgain{1};

struct MailboxContext {
    // Any thread: runs it in the service's.
    std::function<void(std::function<void()>)> post;
    MailboxWorkers workers;
    std::unique_ptr<MailboxArena> arena;  // null until PostgreSQL was there for the first time
    DatabaseAgreement agreement;

    // Has `work` done in the connection's thread; `take` gets what it gives in the service's, a
    // failure where an era has ended since.
    template <typename Work, typename Take>
    void run(DatabaseLink& link, Work work, Take take) {
        link.post([this, work, take, era = agreement.era()](DatabaseSession& session) {
            using Outcome = decltype(work(session));
            auto outcome = std::make_shared<const Outcome>(work(session));
            post([this, outcome, take, era] {
                if (agreement.is_current(era)) return take(*outcome);
                take(Outcome(tl::unexpected(another_server())));
            });
        });
    }

    // Runs the queries as one transaction; `decode` makes something of their results in the
    // connection's thread, and `take` gets it, or a PipelineFailure, in the service's.
    template <typename Decode, typename Take>
    void ask(DatabaseLink& link, std::vector<PipelineQuery> queries, Decode decode, Take take) {
        auto asked = std::make_shared<const std::vector<PipelineQuery>>(std::move(queries));
        const auto work = [asked, decode](DatabaseSession& session) {
            using Value = decltype(decode(std::vector<PgResult>()));
            using Outcome = tl::expected<Value, PipelineFailure>;
            Pipeline::Results results = session.run(*asked);
            return results ? Outcome(decode(std::move(*results)))
                           : Outcome(tl::unexpected(std::move(results.error())));
        };
        run(link, work, take);
    }
};

}  // namespace gatepost::controlplane
