#include "tests/unit/imap_account/account_rig.h"

#include "storage/base/check.h"

namespace gatepost::tests {

using dataplane::ImapReply;
using dataplane::Task;

AccountRig::AccountRig() : qsbr_(std::make_unique<storage::Qsbr>()) {
    auto segment =
        storage::Segment::create("mailboxes", size_t{16} << 20, storage::PageKind::plain);
    GATEPOST_CHECK(segment.has_value());
    auto writer = storage::MailboxIndexWriter::create(std::move(*segment), *qsbr_, 1);
    GATEPOST_CHECK(writer.has_value());
    writer_ = std::move(*writer);
}

AccountRig::~AccountRig() = default;

uint64_t AccountRig::add(std::string name, uint64_t messages, storage::SpecialUse use,
                         bool subscribed) {
    Mailbox& mailbox = mailboxes_.emplace_back();
    mailbox.name = std::move(name);
    mailbox.listing = {.mailbox_id = next_id_++,
                       .owner_id = kAda,
                       .name = mailbox.name,
                       .special_use = use,
                       .subscribed = subscribed};
    mailbox.status = {.mailbox_id = mailbox.listing.mailbox_id,
                      .account_id = kAda,
                      .uid_validity = 77,
                      .uid_next = messages + 1,
                      .highest_modseq = 5,
                      .messages = messages,
                      .unseen = messages,
                      .octets = messages * 1000};
    return mailbox.listing.mailbox_id;
}

uint64_t AccountRig::share(std::string name, uint16_t rights) {
    const uint64_t id = add(std::string(storage::kOthersPrefix) + "bob@example.org/" + name, 1);
    mailboxes_.back().listing.owner_id = kBob;
    mailboxes_.back().listing.rights = rights;
    mailboxes_.back().listing.subscribed = false;
    mailboxes_.back().status.account_id = kBob;
    return id;
}

void AccountRig::subscribe_to_nothing(std::string name) {
    add(std::move(name));
    mailboxes_.back().listing.mailbox_id = 0;
}

void AccountRig::publish() {
    std::vector<storage::MailboxListing> listings;
    for (const Mailbox& mailbox : mailboxes_) {
        listings.push_back(mailbox.listing);
        if (mailbox.listing.mailbox_id != 0)
            GATEPOST_CHECK(writer_->put_status(mailbox.status).has_value());
    }
    GATEPOST_CHECK(writer_->put_account(kAda, listings).has_value());
}

std::optional<storage::MailboxIndexView> AccountRig::index() {
    return writer_->view();
}

Task<storage::MailboxReply> AccountRig::ask(storage::MailboxRequest request) {
    storage::MailboxReply reply;
    if (std::holds_alternative<storage::OpenAccount>(request)) {
        if (!resident) {
            reply.outcome = storage::MailboxOutcome::unavailable;
            reply.text = "the database is away";
        } else {
            publish();
        }
        co_return reply;
    }
    asked.push_back(std::move(request));
    if (!replies.empty()) {
        reply = replies.front();
        replies.pop_front();
    }
    co_return reply;
}

std::string AccountRig::run(const dataplane::ImapCommand& command) {
    std::string out;
    dataplane::AccountContext context{.mailboxes = *this,
                                      .options = options_,
                                      .account_id = kAda,
                                      .user = "ada@example.org",
                                      .utf8 = utf8,
                                      .rev2 = rev2,
                                      .out = out};
    ImapReply reply;
    const auto run = [&]() -> Task<> { reply = co_await run_account_command(context, command); };
    Task<> task = run();
    task.start();
    GATEPOST_CHECK(task.is_done());
    out += reply.kind == ImapReply::Kind::ok   ? "OK"
           : reply.kind == ImapReply::Kind::no ? "NO"
                                               : "BAD";
    if (!reply.code.empty()) out += " [" + reply.code + "]";
    return out;
}

std::string AccountRig::list(std::string pattern, dataplane::ListArguments arguments) {
    dataplane::ImapCommand command;
    command.verb = dataplane::ImapVerb::list;
    arguments.patterns = {std::move(pattern)};
    command.arguments = std::move(arguments);
    return run(command);
}

}  // namespace gatepost::tests
