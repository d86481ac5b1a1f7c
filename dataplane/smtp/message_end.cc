// From a message's last octet to its 250: what is wrong with it, the filter, the policy, the trace
// fields, the disk.
#include <fmt/format.h>

#include <algorithm>

#include "dataplane/log/log.h"
#include "dataplane/smtp/smtp_session.h"
#include "dataplane/smtp/trace_fields.h"

namespace gatepost::dataplane {

namespace {

constexpr size_t kRulesMax = 100;     // names of the filter's rules that the envelope keeps
constexpr size_t kRuleNameMax = 100;  // octets

Bytes octets_of(const std::string& text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

Task<SmtpSession::Next> SmtpSession::fill_content() {
    const uint64_t end = transaction_.content_since_ms + options_.message_ms;
    const uint64_t left = end > stream_.now_ms() ? end - stream_.now_ms() : 1;
    expect_within(std::min<uint64_t>(options_.data_ms, left));
    const StreamStatus status = co_await stream_.fill();
    if (login_ended_) co_return part_for_login();
    // Woken to end: the message that is under way may still come.
    if (status == StreamStatus::ok || status == StreamStatus::woken) co_return Next::command;
    co_return status == StreamStatus::timeout ? timed_out(true) : lost(status);
}

Task<SmtpSession::Next> SmtpSession::end_message(MessageIntake& intake) {
    if (login_ended_) co_return part_for_login();
    bool filtered = false;
    MaybeRefusal refusal = intake_refusal(intake);
    if (!refusal) refusal = co_await judge(intake, filtered);
    if (!refusal && !transaction_.discard) refusal = co_await commit(intake, filtered);
    Next next = Next::command;
    if (refusal) {
        note(*refusal);
        next = say_for_message(refusal->reply);
    } else if (transaction_.discard) {
        note_discarded();
        next = say_for_message({250, "2.0.0", "accepted"});
    } else {
        note_accepted(intake.octets());
        next = say_for_message(
            {250, "2.0.0", fmt::format("accepted as {}", transaction_.envelope.id.text())});
        idle_commands_ = 0;
    }
    reset_transaction();
    co_return next;
}

SmtpSession::MaybeRefusal SmtpSession::intake_refusal(const MessageIntake& intake) const {
    switch (intake.fault()) {
        case IntakeFault::none:
            return std::nullopt;
        case IntakeFault::too_large:
            return Refusal{SmtpRefusal::too_large,
                           {552, "5.3.4",
                            fmt::format("a message may have {} octets, not more",
                                        options_.message_octets_max)}};
        case IntakeFault::too_many_hops:
            return Refusal{SmtpRefusal::too_many_hops,
                           {554, "5.4.6", "too many Received fields: it goes round in a circle"}};
        case IntakeFault::bare_line_end:
            return Refusal{SmtpRefusal::bare_line_end,
                           {550, "5.6.11", "a CR or LF stands alone in it: lines end with CR LF"}};
        case IntakeFault::nul_in_header:
            return Refusal{SmtpRefusal::nul_in_header,
                           {550, "5.6.0", "a NUL is in the header section"}};
        case IntakeFault::store:
            break;
    }
    return store_refusal(intake.store_status());
}

SmtpSession::Refusal SmtpSession::store_refusal(StoreStatus status) {
    switch (status) {
        case StoreStatus::disk_full:
            return Refusal{SmtpRefusal::store_full, {452, "4.3.1", "the disk is full; try again"}};
        case StoreStatus::busy:
            return Refusal{SmtpRefusal::store_busy,
                           {452, "4.3.2", "too many messages at the same time; try again"}};
        default:
            return Refusal{SmtpRefusal::store_broken,
                           {451, "4.3.0", "the message cannot be stored now; try again"}};
    }
}

Task<SmtpSession::MaybeRefusal> SmtpSession::judge(MessageIntake& intake, bool& filtered) {
    storage::Envelope& envelope = transaction_.envelope;
    if (MessageScanner* scanner = intake.scanner()) {
        FilterVerdict verdict = scanner->judge(envelope);
        filtered = true;
        envelope.score = verdict.score;
        if (verdict.rules.size() > kRulesMax) verdict.rules.resize(kRulesMax);
        for (std::string& rule : verdict.rules)
            if (rule.size() > kRuleNameMax) rule.resize(kRuleNameMax);
        envelope.rules = std::move(verdict.rules);
        if (verdict.reject) {
            Refusal refusal{SmtpRefusal::filter,
                            {550, "5.7.1", "a filter rule refuses this message"}};
            if (!verdict.text.empty()) refusal.reply.text = std::move(verdict.text);
            if (!envelope.rules.empty())
                refusal.rule = fmt::format("{}", fmt::join(envelope.rules, ","));
            co_return refusal;
        }
        transaction_.discard = verdict.discard;
        file_recipients(verdict);
    }
    std::vector<std::string> authors;
    PolicyMessage message{.octets = intake.octets()};
    if (intake.scanner() != nullptr) {
        authors = intake.scanner()->authors();
        message.authors = &authors;
    }
    const PolicyVerdict verdict =
        co_await environment_.policy().on_data_end(client_, envelope, message);
    co_return refusal_of(verdict);
}

void SmtpSession::file_recipients(const FilterVerdict& verdict) {
    auto& recipients = transaction_.envelope.recipients;
    for (size_t i = 0; i < recipients.size(); ++i) {
        if (recipients[i].kind != storage::RecipientKind::account) continue;
        const bool has_own = i < verdict.folders.size() && !verdict.folders[i].empty();
        const std::string& folder = has_own ? verdict.folders[i] : verdict.folder;
        if (!folder.empty()) recipients[i].folder = folder;
    }
}

Task<SmtpSession::MaybeRefusal> SmtpSession::commit(MessageIntake& intake, bool filtered) {
    storage::Envelope& envelope = transaction_.envelope;
    envelope.id = environment_.next_blob_id();
    envelope.received_us = environment_.now_us();
    const std::string tls = tls_text();
    const bool completes = options_.is_submission() || options_.role == SmtpRole::local;
    const std::string prefix = trace_fields(
        {.options = options_,
         .client = client_,
         .envelope = envelope,
         .tls = tls,
         .only_recipient = transaction_.recipients.size() == 1
                               ? std::string_view(transaction_.recipients.front())
                               : std::string_view(),
         .delivered_here = std::ranges::any_of(envelope.recipients,
                                               [](const auto& recipient) {
                                                   return recipient.kind ==
                                                          storage::RecipientKind::account;
                                               }),
         .filtered = filtered,
         .needs_date = completes && !intake.header().has_date(),
         .needs_message_id = completes && !intake.header().has_message_id()});
    DeliveryFacts facts;
    if (intake.scanner() != nullptr) facts = intake.scanner()->facts(octets_of(prefix));
    const StoreStatus status = co_await intake.message().commit(octets_of(prefix), envelope);
    if (status != StoreStatus::ok) {
        intake.note_store(status);
        co_return intake_refusal(intake);
    }
    environment_.deliver(envelope.id, std::move(facts));
    co_return std::nullopt;
}

void SmtpSession::note_accepted(uint64_t octets) {
    SmtpCounters& counters = environment_.counters();
    const storage::Envelope& envelope = transaction_.envelope;
    storage::count(counters.messages[static_cast<size_t>(options_.role)]);
    storage::count(counters.recipients, transaction_.recipients.size());
    storage::count(counters.message_octets, octets);
    if (!log_enabled(LogLevel::info)) return;
    const std::string& first = transaction_.recipients.front();
    log(LogLevel::info, "smtp.accepted",
        {{"session", session_text(session_.id)},
         {"id", envelope.id.text()},
         {"client", session_.client.text()},
         {"listener", smtp_role_name(options_.role)},
         {"helo", client_.helo},
         {"user", client_.user},
         {"tls", tls_text()},
         {"from", envelope.reverse_path},
         {"to", transaction_.recipients.size() == 1 ? std::string_view(first) : std::string_view()},
         {"recipients", transaction_.recipients.size()},
         {"bytes", octets},
         {"score", envelope.score}});
}

// The filter counts it.
void SmtpSession::note_discarded() {
    if (!log_enabled(LogLevel::info)) return;
    log(LogLevel::info, "smtp.discarded",
        {{"session", session_text(session_.id)},
         {"client", session_.client.text()},
         {"from", transaction_.envelope.reverse_path},
         {"recipients", transaction_.recipients.size()},
         {"rules", fmt::format("{}", fmt::join(transaction_.envelope.rules, ","))}});
}

SmtpSession::Next SmtpSession::say_for_message(const SmtpReply& reply) {
    if (options_.role != SmtpRole::lmtp) return say(reply);
    Next next = Next::command;
    for (const std::string& recipient : transaction_.recipients) {
        SmtpReply one = reply;
        one.text = fmt::format("<{}>: {}", recipient, reply.text);
        if (say(one) == Next::end) next = Next::end;
    }
    return next;
}

}  // namespace gatepost::dataplane
