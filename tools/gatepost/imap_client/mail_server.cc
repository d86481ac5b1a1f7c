#include "tools/gatepost/imap_client/mail_server.h"

#include <string.h>

#include <algorithm>
#include <sstream>

#include "storage/password/base64.h"

namespace gatepost::tools {

namespace {

using Privacy = ServerAddress::Privacy;

std::string what_it_said(const ServerResponse& response) {
    std::string text = response.status;
    if (!response.code.empty()) text += " [" + response.code + "]";
    if (!response.text.empty()) text += " " + response.text;
    // It goes to a terminal.
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
}

}  // namespace

MailServer::MailServer(const ServerAddress& address, std::unique_ptr<RemoteConnection> connection)
    : address_(address), connection_(std::move(connection)), reader_(*connection_) {}

Result<std::unique_ptr<MailServer>> MailServer::connect(const ServerAddress& address,
                                                        const TlsTrust& trust, const Waits& waits,
                                                        const StopSignal& stop) {
    auto connection = RemoteConnection::open(address.host, address.port, waits, stop);
    if (!connection) return tl::unexpected(std::move(connection).error());
    if (address.privacy == Privacy::tls)
        if (Status begun = (*connection)->start_tls(trust, address.host); !begun)
            return tl::unexpected(std::move(begun).error());
    std::unique_ptr<MailServer> server(new MailServer(address, std::move(*connection)));
    if (Status greeted = server->greet(trust); !greeted)
        return wrap(address.text(), std::move(greeted).error());
    return server;
}

Status MailServer::greet(const TlsTrust& trust) {
    auto greeting = reader_.next();
    if (!greeting) return tl::unexpected(std::move(greeting).error());
    if (greeting->status != "OK" && greeting->status != "PREAUTH")
        return fail(ErrorCode::unreachable, "the server does not want us: {}",
                    what_it_said(*greeting));
    logged_in_ = greeting->status == "PREAUTH";
    take_capabilities(*greeting);
    if (address_.privacy == Privacy::start_tls)
        if (Status begun = start_tls(trust); !begun) return begun;
    return capabilities_.empty() ? learn_capabilities() : Status();
}

Status MailServer::start_tls(const TlsTrust& trust) {
    // RFC 9051 §11.3: who is logged in cannot begin TLS; somebody in between may have seen to that.
    if (logged_in_)
        return fail(ErrorCode::unreachable,
                    "the server logs us in before TLS begins; use imaps://");
    auto answer = say(CommandText("STARTTLS"));
    if (!answer) return tl::unexpected(std::move(answer).error());
    if (!answer->is_ok())
        return fail(ErrorCode::unreachable,
                    "the server has no STARTTLS ({}), and the password would be readable on the "
                    "way: use imaps://, or, where nobody can listen, --plaintext",
                    what_it_said(*answer));
    // RFC 9051 §6.2.1: what came before TLS may be from anybody.
    if (reader_.forget_rest())
        return fail(ErrorCode::unreachable, "octets came between STARTTLS and TLS");
    capabilities_.clear();
    return connection_->start_tls(trust, address_.host);
}

Status MailServer::learn_capabilities() {
    return expect(CommandText("CAPABILITY"));
}

void MailServer::take_capabilities(const ServerResponse& response) {
    if (response.is_data("CAPABILITY")) {
        capabilities_.clear();
        for (const ResponseValue& value : response.values) capabilities_.push_back(value.text);
    } else if (response.code_name() == "CAPABILITY") {
        capabilities_.clear();
        std::istringstream words(response.code);
        for (std::string word; words >> word;) capabilities_.push_back(word);
    } else {
        return;
    }
    for (std::string& one : capabilities_)
        for (char& c : one)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
}

bool MailServer::can(std::string_view capability) const {
    return std::ranges::find(capabilities_, capability) != capabilities_.end();
}

std::string MailServer::new_tag() {
    return fmt::format("g{}", ++tags_);
}

Result<ServerResponse> MailServer::next_response(BodySink* sink) {
    auto response = reader_.next(sink);
    if (!response) return response;
    take_capabilities(*response);
    if (response->kind == ServerResponse::Kind::untagged && response->status == "BYE")
        return fail(ErrorCode::unreachable, "the server ended the session: {}",
                    what_it_said(*response));
    return response;
}

Result<std::string> MailServer::send(std::string_view command) {
    std::string tag = new_tag();
    if (Status sent = connection_->write(fmt::format("{} {}\r\n", tag, command)); !sent)
        return tl::unexpected(std::move(sent).error());
    return tag;
}

Result<ServerResponse> MailServer::say(const CommandText& command, const ForEach& each,
                                       BodySink* sink) {
    const std::string tag = new_tag();
    const std::vector<std::string>& pieces = command.pieces();
    for (size_t i = 0; i < pieces.size(); ++i) {
        const std::string_view end = i + 1 == pieces.size() ? "\r\n" : "";
        std::string octets = i == 0 ? fmt::format("{} {}{}", tag, pieces[i], end)
                                    : fmt::format("{}{}", pieces[i], end);
        Status sent = connection_->write(octets);
        ::explicit_bzero(octets.data(), octets.size());  // it may have a password
        if (!sent) return tl::unexpected(std::move(sent).error());
        for (bool waits = true; waits;) {
            auto response = next_response(sink);
            if (!response) return response;
            if (response->kind == ServerResponse::Kind::tagged) {
                if (response->tag == tag) return response;
                return fail(ErrorCode::invalid, "an answer to a command that was not given");
            }
            if (response->kind == ServerResponse::Kind::continuation) {
                if (!end.empty())
                    return fail(ErrorCode::invalid, "the server waits for more of a command");
                waits = false;
            } else if (each) {
                each(*response);
            }
        }
    }
    return fail(ErrorCode::invalid, "a command has no end");
}

Status MailServer::expect(const CommandText& command, const ForEach& each) {
    auto answer = say(command, each);
    if (!answer) return tl::unexpected(std::move(answer).error());
    if (answer->is_ok()) return {};
    const std::string& first = command.pieces().front();
    return fail(answer->code_name() == "NOPERM" ? ErrorCode::permission : ErrorCode::refused,
                "{} was refused: {}", first.substr(0, first.find(' ')), what_it_said(*answer));
}

Status MailServer::login_answer(const Result<ServerResponse>& answer) const {
    if (!answer) return tl::unexpected(answer.error());
    if (answer->is_ok()) return {};
    // RFC 5530 §3: it is not the password.
    const std::string code = answer->code_name();
    const bool later = code == "UNAVAILABLE" || code == "INUSE" || code == "LIMIT";
    return fail(later ? ErrorCode::unreachable : ErrorCode::permission,
                "{}: the login failed: {}{}", address_.text(), what_it_said(*answer),
                later ? ""
                      : "; is the user's name whole (often ada@example.org), is it a password "
                        "for programs, and does the server let it use IMAP?");
}

// RFC 4616: names and passwords may be any UTF-8 there, without literals.
Status MailServer::authenticate_plain(const std::string& user, const std::string& password) {
    std::string secret = storage::encode_base64(fmt::format("{0}{1}{0}{2}", '\0', user, password));
    const std::string tag = new_tag();
    const bool at_once = can("SASL-IR");  // RFC 4959
    std::string line =
        fmt::format("{} AUTHENTICATE PLAIN{}\r\n", tag, at_once ? " " + secret : std::string());
    Status sent = connection_->write(line);
    ::explicit_bzero(line.data(), line.size());
    while (sent) {
        auto response = next_response(nullptr);
        if (response && response->kind == ServerResponse::Kind::untagged) continue;
        if (response && response->kind == ServerResponse::Kind::continuation) {
            sent = connection_->write(secret + "\r\n");
            continue;
        }
        ::explicit_bzero(secret.data(), secret.size());
        return login_answer(response);
    }
    return sent;
}

Status MailServer::log_in(const std::string& user, const std::string& password) {
    if (logged_in_) return {};
    Status done;
    if (can("AUTH=PLAIN")) {
        done = authenticate_plain(user, password);
    } else if (can("LOGINDISABLED")) {
        return fail(ErrorCode::permission, "{}: the server takes no password here{}",
                    address_.text(),
                    address_.privacy == Privacy::none ? ": it wants TLS, use imaps://" : "");
    } else {
        done = login_answer(say(CommandText("LOGIN ").string(user).words(" ").string(password)));
    }
    if (!done) return done;
    logged_in_ = true;
    // RFC 9051 §6.2.2: they may be others now; many servers tell them with the OK.
    return learn_capabilities();
}

void MailServer::log_out() {
    [[maybe_unused]] const auto sent = send("LOGOUT");
}

}  // namespace gatepost::tools
