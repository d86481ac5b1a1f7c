#include "tools/load/imap/imap_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "storage/base/check.h"

namespace gatepost::tools {

ImapSession::State ImapSession::stop(ImapFailure failure, std::string reason) {
    failure_ = failure;
    reason_ = std::move(reason);
    connection_.close();
    output_.clear();
    return state_ = State::closed;
}

void ImapSession::end(ImapFailure failure, std::string reason) {
    if (state_ != State::closed) stop(failure, std::move(reason));
}

ImapSession::State ImapSession::open(std::string_view user, const ImapOpening& opening) {
    opened_ns_ = progress_ns_ = clock_.now_ns();
    user_ = user;
    opening_ = opening;
    failure_ = ImapFailure::none;
    scanner_.clear();
    output_.clear();
    under_way_.clear();
    tag_ = exists_ = 0;
    secured_ = false;
    state_ = State::opening;
    phase_ = Phase::connecting;
    step_ = Step::greeting;
    if (!connection_.open(plan_.target)) return stop(ImapFailure::connect, connection_.failure());
    return state_;
}

ImapSession::State ImapSession::shake() {
    switch (connection_.handshake()) {
        case MailConnection::Progress::waiting:
            return state_;
        case MailConnection::Progress::failed:
            return stop(ImapFailure::tls, connection_.failure());
        case MailConnection::Progress::done:
            break;
    }
    phase_ = Phase::talking;
    if (step_ == Step::starttls) {
        secured_ = true;
        begin_step(Step::login);
    }
    return state_;
}

ImapSession::State ImapSession::connect_further() {
    switch (connection_.connected()) {
        case MailConnection::Progress::waiting:
            return state_;
        case MailConnection::Progress::failed:
            return stop(ImapFailure::connect, connection_.failure());
        case MailConnection::Progress::done:
            break;
    }
    phase_ = Phase::talking;
    if (plan_.implicit_tls) {
        connection_.start_tls(*plan_.tls);
        phase_ = Phase::shaking;
    }
    return state_;
}

ImapSession::State ImapSession::advance(MailConnection::Room& in, MailConnection::Room& out) {
    if (phase_ == Phase::connecting && connect_further() == State::closed) return state_;
    if (phase_ == Phase::shaking && shake() == State::closed) return state_;
    if (phase_ != Phase::talking || read_responses(in) == State::closed) return state_;
    // STARTTLS was answered: the handshake begins with our octets.
    if (phase_ == Phase::shaking && shake() == State::closed) return state_;
    return phase_ == Phase::talking ? flush(out) : state_;
}

ImapSession::State ImapSession::read_responses(MailConnection::Room& in) {
    for (;;) {
        const ptrdiff_t got = connection_.read(in);
        if (got == TlsClient::kWaiting) return state_;
        if (got <= 0) {
            // RFC 9051 §6.1.3: the server closes behind its answer to LOGOUT.
            if (state_ == State::leaving) return stop(ImapFailure::none, "");
            return stop(ImapFailure::lost,
                        got == 0 ? "the server closed the connection" : connection_.failure());
        }
        progress_ns_ = clock_.now_ns();
        octets_ += static_cast<uint64_t>(got);
        std::string_view octets(reinterpret_cast<const char*>(in.data()), static_cast<size_t>(got));
        ImapResponse response;
        for (;;) {
            const ImapScanner::Found found = scanner_.take(octets, response);
            if (found == ImapScanner::Found::malformed)
                return stop(ImapFailure::protocol, "that is no IMAP response");
            if (found == ImapScanner::Found::nothing) break;
            if (take(response) == State::closed) return state_;
            if (phase_ == Phase::talking) continue;
            // RFC 9051 §11.1: what came in front of the handshake was not protected by it.
            if (!octets.empty()) return stop(ImapFailure::tls, "octets behind STARTTLS's response");
            return state_;
        }
        // The socket is empty where less came than there was room for; TLS may hold more.
        if (static_cast<size_t>(got) < in.size() && plan_.tls == nullptr) return state_;
    }
}

ImapSession::State ImapSession::take(const ImapResponse& response) {
    if (response.kind == ImapResponse::Kind::tagged) return take_tagged(response);
    if (step_ == Step::greeting) return take_greeting(response);
    if (response.kind == ImapResponse::Kind::continuation) {
        // RFC 2177: IDLE has begun. Nothing else that is sent here waits for one.
        if (step_ != Step::idle || state_ != State::opening)
            return stop(ImapFailure::protocol, "a continuation that nobody waits for");
        state_ = State::ready;
        return state_;
    }
    if (const auto numbered = numbered_response(response.text);
        numbered && numbered->rest == "EXISTS")
        exists_ = numbered->number;
    listener_.on_untagged(*this, response.text);
    return state_;
}

ImapSession::State ImapSession::take_greeting(const ImapResponse& response) {
    if (response.kind != ImapResponse::Kind::untagged ||
        dataplane::response_status(response.text) != dataplane::ResponseStatus::ok)
        return stop(ImapFailure::greeting, fmt::format("its greeting is \"{}\"", response.text));
    begin_step(plan_.starttls ? Step::starttls : Step::login);
    return state_;
}

ImapSession::State ImapSession::take_tagged(const ImapResponse& response) {
    uint32_t tag = 0;
    const std::string_view digits = response.tag.substr(1);
    auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), tag);
    if (response.tag[0] != 'a' || error != std::errc() || last != digits.data() + digits.size())
        return stop(ImapFailure::protocol, fmt::format("nobody sent the tag {}", response.tag));
    const dataplane::ResponseStatus status = dataplane::response_status(response.text);
    if (state_ == State::opening && tag == tag_) return opened_further(status, response.text);
    const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                    [&](const ImapCommand& one) { return one.tag == tag; });
    if (found == under_way_.end()) {
        const bool leaving = state_ == State::leaving;
        if (leaving && tag == tag_) return stop(ImapFailure::none, "");  // LOGOUT's
        if (leaving && opening_.idle && tag + 1 == tag_) return state_;  // that of IDLE
        return stop(ImapFailure::protocol, fmt::format("nobody sent the tag {}", response.tag));
    }
    const ImapCommand command = *found;
    under_way_.erase(found);
    listener_.on_finished(*this, command, status, response.text);
    return state_;
}

ImapSession::Step ImapSession::step_behind(Step step) const {
    if (step < Step::select && opening_.select) return Step::select;
    if (step < Step::learn && opening_.learn) return Step::learn;
    if (step < Step::idle && opening_.idle) return Step::idle;
    return Step::none;
}

ImapSession::State ImapSession::opened_further(dataplane::ResponseStatus status,
                                               std::string_view text) {
    if (status != dataplane::ResponseStatus::ok) {
        const ImapFailure failure = step_ == Step::starttls ? ImapFailure::tls
                                    : step_ == Step::login  ? ImapFailure::login
                                                            : ImapFailure::select;
        return stop(failure, std::string(text));
    }
    if (step_ == Step::starttls) {
        connection_.start_tls(*plan_.tls);
        phase_ = Phase::shaking;
        return state_;
    }
    begin_step(step_behind(step_));
    return state_;
}

void ImapSession::begin_command() {
    fmt::format_to(std::back_inserter(output_.head), "a{} ", ++tag_);
}

void ImapSession::begin_step(Step step) {
    step_ = step;
    if (step == Step::none) {
        state_ = State::ready;
        return;
    }
    begin_command();
    std::string& out = output_.head;
    switch (step) {
        case Step::starttls:
            out += "STARTTLS";
            break;
        case Step::login:
            out += "LOGIN ";
            append_imap_string(out, user_);
            out += ' ';
            append_imap_string(out, plan_.password);
            break;
        case Step::select:
            out += "SELECT ";
            append_imap_string(out, plan_.mailbox);
            break;
        case Step::learn:
            // By UID, since numbers of an empty mailbox would be an error (RFC 9051 §6.4.9).
            out += "UID FETCH 1:* (FLAGS)";
            break;
        default:
            out += "IDLE";
            break;
    }
    out += "\r\n";
}

void ImapSession::send(ImapCommand command) {
    GATEPOST_CHECK(state_ == State::ready);
    begin_command();
    append_imap_command(output_.head, command, plan_.mailbox);
    command.tag = tag_;
    under_way_.push_back(command);
}

void ImapSession::send_append(ImapCommand command, std::string_view head, Bytes body) {
    GATEPOST_CHECK(state_ == State::ready);
    begin_command();
    append_imap_append(output_.head, command, plan_.mailbox, head, body);
    command.tag = tag_;
    under_way_.push_back(command);
}

void ImapSession::leave() {
    GATEPOST_CHECK(state_ == State::ready && under_way_.empty());
    state_ = State::leaving;
    progress_ns_ = clock_.now_ns();
    if (opening_.idle) output_.head += "DONE\r\n";
    begin_command();
    output_.head += "LOGOUT\r\n";
}

ImapSession::State ImapSession::flush(MailConnection::Room& out) {
    if (state_ == State::closed || output_.size() == 0) return state_;
    switch (connection_.write(output_, out)) {
        case MailConnection::Progress::failed: {
            // What the server said before it went may still be there.
            const std::string why = connection_.failure();
            if (read_responses(out) == State::closed) return state_;
            return stop(ImapFailure::lost, why);
        }
        case MailConnection::Progress::waiting:
        case MailConnection::Progress::done:
            break;
    }
    return state_;
}

}  // namespace gatepost::tools
