#include "tools/load/mail/smtp_dialogue.h"

#include <fmt/format.h>

#include <iterator>

#include "dataplane/mail/header_field.h"
#include "storage/base/check.h"
#include "storage/zone/rdata_encoding.h"

namespace gatepost::tools {

namespace {

constexpr unsigned kServiceReady = 220;
constexpr unsigned kLoggedIn = 235;
constexpr unsigned kDone = 250;
constexpr unsigned kStartContent = 354;
constexpr unsigned kTurnedAway = 421;  // RFC 5321 §3.8: may come at any time
constexpr std::string_view kEndOfContent = ".\r\n";

}  // namespace

void SmtpDialogue::begin(std::string_view user, std::string_view password) {
    user_ = user;
    password_ = password;
    state_ = State::greeting;
    secured_ = false;
    output_.clear();
    in_message_ = false;
    content_begun_ = false;
    failure_ = SessionFailure::none;
    reason_.clear();
}

void SmtpDialogue::command(std::string_view text) {
    // Never into the middle of a content that is not sent yet.
    (output_.body.empty() ? output_.head : output_.tail) += text;
}

SmtpDialogue::Step SmtpDialogue::refuse(SessionFailure failure, const SmtpReply& reply) {
    failure_ = reply.code == kTurnedAway ? SessionFailure::turned_away : failure;
    reason_ = fmt::format("{} {}", reply.code, reply.text);
    state_ = State::over;
    return Step::over;
}

void SmtpDialogue::say_hello() {
    // RFC 2033 §4.1: LHLO in place of EHLO.
    command(fmt::format("{} {}\r\n", options_.lmtp ? "LHLO" : "EHLO", options_.hello));
    state_ = State::hello;
}

void SmtpDialogue::read_extensions(const std::string& text) {
    offers_pipelining_ = offers_chunking_ = offers_starttls_ = offers_size_ = false;
    // RFC 5321 §4.1.1.1: the first line is the server's name, each other one a keyword and more.
    std::string_view rest = text;
    rest.remove_prefix(std::min(rest.find('\n'), rest.size()));
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::string_view line = rest.substr(0, rest.find('\n'));
        const std::string_view keyword = line.substr(0, line.find(' '));
        offers_pipelining_ |= dataplane::equal_ignoring_case(keyword, "PIPELINING");
        offers_chunking_ |= dataplane::equal_ignoring_case(keyword, "CHUNKING");
        offers_starttls_ |= dataplane::equal_ignoring_case(keyword, "STARTTLS");
        offers_size_ |= dataplane::equal_ignoring_case(keyword, "SIZE");
        rest.remove_prefix(line.size());
    }
}

SmtpDialogue::Step SmtpDialogue::after_hello() {
    const char* missing = nullptr;
    if (options_.starttls && !secured_ && !offers_starttls_) missing = "STARTTLS";
    if (!options_.starttls || secured_) {
        if (options_.pipelining && !offers_pipelining_) missing = "PIPELINING";
        if (options_.chunking && !offers_chunking_) missing = "CHUNKING";
    }
    if (missing != nullptr) {
        failure_ = SessionFailure::extension;
        reason_ = fmt::format("the server does not offer {}", missing);
        state_ = State::over;
        return Step::over;
    }
    if (options_.starttls && !secured_) {
        command("STARTTLS\r\n");
        state_ = State::starttls;
        return Step::replies;
    }
    if (user_.empty()) return become_ready();
    // RFC 4616 §2: no authorization identity; RFC 4954 §4: as the initial response.
    std::vector<uint8_t> login(1, 0);
    login.insert(login.end(), user_.begin(), user_.end());
    login.push_back(0);
    login.insert(login.end(), password_.begin(), password_.end());
    std::string text = "AUTH PLAIN ";
    storage::base64_to_text(login, text);
    command(text + "\r\n");
    state_ = State::login;
    return Step::replies;
}

SmtpDialogue::Step SmtpDialogue::tls_started() {
    // RFC 3207 §4.2: all that was said before is forgotten.
    secured_ = true;
    say_hello();
    return Step::replies;
}

SmtpDialogue::Step SmtpDialogue::become_ready() {
    in_message_ = false;
    state_ = State::idle;
    return Step::ready;
}

void SmtpDialogue::quit() {
    GATEPOST_CHECK(state_ == State::idle);
    command("QUIT\r\n");
    state_ = State::quitting;
}

void SmtpDialogue::send(OutgoingMessage&& message) {
    GATEPOST_CHECK(state_ == State::idle && output_.size() == 0 && !message.recipients.empty());
    message_ = std::move(message);
    outcome_.number = message_.number;
    outcome_.recipients.clear();
    for (std::string_view address : message_.recipients)
        outcome_.recipients.push_back({address, RecipientFate::pending, SmtpStage::mail, 0});
    in_message_ = true;
    content_begun_ = false;
    mail_accepted_ = false;
    written_ = answered_ = 0;
    state_ = State::commands;
    // RFC 2920 §3.1: MAIL, RCPT and DATA in one group, of which DATA is the last.
    const size_t group = options_.pipelining ? commands() : 1;
    while (written_ < group) write_command(written_);
}

void SmtpDialogue::write_command(size_t index) {
    ++written_;
    const size_t size = message_.head.size() + message_.body.size();
    auto out = std::back_inserter(output_.head);
    if (index == 0) {
        fmt::format_to(out, "MAIL FROM:<{}>", message_.sender);
        if (offers_size_) fmt::format_to(out, " SIZE={}", size);  // RFC 1870 §5
        output_.head += "\r\n";
    } else if (index <= message_.recipients.size()) {
        fmt::format_to(out, "RCPT TO:<{}>\r\n", message_.recipients[index - 1]);
    } else if (options_.chunking) {
        fmt::format_to(out, "BDAT {} LAST\r\n", size);
        write_content();
    } else {
        output_.head += "DATA\r\n";
    }
}

void SmtpDialogue::write_content() {
    content_begun_ = true;
    output_.head += message_.head;
    output_.body = message_.body;
    if (!options_.chunking) output_.tail = kEndOfContent;
}

void SmtpDialogue::reject(RecipientOutcome& recipient, SmtpStage stage, unsigned code) const {
    recipient.fate = RecipientFate::rejected;
    recipient.stage = stage;
    recipient.code = code;
}

void SmtpDialogue::reject_pending(SmtpStage stage, unsigned code) {
    for (RecipientOutcome& recipient : outcome_.recipients)
        if (recipient.fate == RecipientFate::pending) reject(recipient, stage, code);
}

// Recipients that RCPT was accepted for: those not rejected, once all replies are there.
size_t SmtpDialogue::taken() const {
    return static_cast<size_t>(
        std::count_if(outcome_.recipients.begin(), outcome_.recipients.end(),
                      [](const auto& one) { return one.fate == RecipientFate::pending; }));
}

SmtpDialogue::Step SmtpDialogue::on_reply(const SmtpReply& reply) {
    switch (state_) {
        case State::greeting:
            if (reply.code != kServiceReady) return refuse(SessionFailure::greeting, reply);
            say_hello();
            return Step::replies;
        case State::hello:
            if (reply.code != kDone) return refuse(SessionFailure::greeting, reply);
            read_extensions(reply.text);
            return after_hello();
        case State::starttls:
            if (reply.code != kServiceReady) return refuse(SessionFailure::tls, reply);
            return Step::start_tls;
        case State::login:
            if (reply.code != kLoggedIn) return refuse(SessionFailure::login, reply);
            return become_ready();
        case State::commands:
            return on_command_reply(reply);
        case State::content:
            return on_final_reply(reply);
        case State::reset:
            if (!reply.positive()) {
                in_message_ = false;
                return refuse(SessionFailure::protocol, reply);
            }
            return become_ready();
        case State::quitting:
            state_ = State::over;
            return Step::over;
        case State::idle:
        case State::over:
            break;
    }
    return refuse(SessionFailure::protocol, reply);
}

SmtpDialogue::Step SmtpDialogue::on_command_reply(const SmtpReply& reply) {
    const size_t index = answered_++;
    if (reply.code == kTurnedAway) {
        const bool before = index <= message_.recipients.size();
        reject_pending(before ? SmtpStage::rcpt : SmtpStage::data, reply.code);
        in_message_ = false;
        return refuse(SessionFailure::turned_away, reply);
    }
    if (index > message_.recipients.size()) return on_last_command(reply);
    if (index == 0) {
        mail_accepted_ = reply.positive();
        if (!mail_accepted_) reject_pending(SmtpStage::mail, reply.code);
    } else if (mail_accepted_ && !reply.positive()) {
        reject(outcome_.recipients[index - 1], SmtpStage::rcpt, reply.code);
    }
    if (answered_ < written_) return Step::replies;
    if (!mail_accepted_) return become_ready();
    if (written_ == commands() - 1 && taken() == 0) return reset_transaction();
    write_command(written_);
    return Step::replies;
}

// To DATA, or to BDAT, whose reply is the final one.
SmtpDialogue::Step SmtpDialogue::on_last_command(const SmtpReply& reply) {
    finals_ = options_.lmtp ? std::max<size_t>(taken(), 1) : 1;
    final_recipient_ = 0;
    if (options_.chunking) {
        state_ = State::content;
        return on_final_reply(reply);
    }
    if (reply.code != kStartContent) {
        reject_pending(SmtpStage::data, reply.code);
        return mail_accepted_ ? reset_transaction() : become_ready();
    }
    state_ = State::content;
    if (taken() == 0)
        // RFC 2920 §3.1: DATA was in the group, and was accepted for nobody: an empty content.
        output_.head += kEndOfContent;
    else
        write_content();
    return Step::replies;
}

SmtpDialogue::Step SmtpDialogue::on_final_reply(const SmtpReply& reply) {
    auto& recipients = outcome_.recipients;
    const auto settle = [&](RecipientOutcome& one) {
        if (one.fate != RecipientFate::pending) return false;
        if (reply.positive())
            one.fate = RecipientFate::accepted;
        else
            reject(one, SmtpStage::final_reply, reply.code);
        return true;
    };
    // RFC 2033 §4.2: one reply for each recipient that was taken, in their order.
    if (options_.lmtp)
        while (final_recipient_ < recipients.size() && !settle(recipients[final_recipient_++])) {
        }
    else
        for (RecipientOutcome& one : recipients) settle(one);
    --finals_;
    if (reply.code == kTurnedAway) {
        // Nothing more will come.
        reject_pending(SmtpStage::final_reply, reply.code);
        in_message_ = false;
        return refuse(SessionFailure::turned_away, reply);
    }
    if (finals_ > 0) return Step::replies;
    // RFC 3030 §2: after a BDAT that failed, only RSET is sure to be understood.
    if (options_.chunking && !reply.positive()) return reset_transaction();
    return become_ready();
}

SmtpDialogue::Step SmtpDialogue::reset_transaction() {
    command("RSET\r\n");
    state_ = State::reset;
    return Step::replies;
}

void SmtpDialogue::lost() {
    if (in_message_)
        for (RecipientOutcome& recipient : outcome_.recipients)
            if (recipient.fate == RecipientFate::pending)
                recipient.fate = content_begun_ ? RecipientFate::unknown : RecipientFate::unsent;
    in_message_ = false;
    state_ = State::over;
}

}  // namespace gatepost::tools
