// gatepost-sendmail: hands a message from standard input to the local socket, as sendmail(8) does.
#include <fmt/core.h>
#include <netdb.h>
#include <pwd.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>

#include "tools/gatepost/config/config.h"
#include "tools/gatepost/mail/local_smtp.h"
#include "tools/sendmail/submission.h"

namespace {

using namespace gatepost;
using namespace gatepost::tools;

constexpr const char* kConfig = "/etc/gatepost/gatepost.toml";
constexpr const char* kSocket = "/run/gatepost/mail.sock";

int complain(int code, std::string_view message) {
    fmt::print(stderr, "gatepost-sendmail: {}\n", message);
    return code;
}

SendmailCaller caller() {
    SendmailCaller out;
    const passwd* entry = ::getpwuid(::getuid());
    out.user = entry != nullptr ? entry->pw_name : fmt::format("uid{}", ::getuid());
    if (const char* user = std::getenv("LOGNAME"); entry == nullptr && user != nullptr)
        out.user = user;
    // The first member of the GECOS field, where "&" is the name.
    if (entry != nullptr && entry->pw_gecos != nullptr) {
        out.full_name = entry->pw_gecos;
        out.full_name.resize(std::min(out.full_name.find(','), out.full_name.size()));
    }
    if (const char* name = std::getenv("NAME"); name != nullptr) out.full_name = name;
    char host[256] = {};
    if (::gethostname(host, sizeof host - 1) == 0) out.host = host;
    return out;
}

// --socket, GATEPOST_MAIL_SOCKET, the configuration where it can be read, the usual place. Also
// gives the host's mail name where the configuration says it.
Result<std::string> find_socket(const SendmailOptions& options, SendmailCaller& who) {
    if (!options.socket.empty()) return options.socket;
    if (const char* path = std::getenv("GATEPOST_MAIL_SOCKET"); path != nullptr && *path != '\0')
        return std::string(path);
    const char* named = std::getenv("GATEPOST_CONFIG");
    const std::string file = named != nullptr ? named : kConfig;
    if (::access(file.c_str(), R_OK) != 0) return std::string(kSocket);
    Settings settings;
    if (Status read = settings.read_file(file); !read) return tl::unexpected(read.error());
    auto config = config_from_settings(settings);
    if (!config) return tl::unexpected(std::move(config).error());
    who.host = config->mail.hostname;
    return config->mail.socket.empty() ? std::string(kSocket) : config->mail.socket;
}

// sysexits.h, by the reply codes of RFC 5321 §4.2.3.
int exit_code(const SmtpReplyText& reply) {
    if (reply.is_transient()) return EX_TEMPFAIL;
    switch (reply.code) {
        case 501:
        case 553:
            return EX_USAGE;
        case 550:
        case 551:
            return EX_NOUSER;
        case 552:
            return EX_DATAERR;
        default:
            return EX_UNAVAILABLE;
    }
}

int send(const Submission& submission, const std::string& socket) {
    auto smtp = LocalSmtp::connect(socket);
    if (!smtp)
        return complain(smtp.error().code == ErrorCode::permission ? EX_NOPERM : EX_TEMPFAIL,
                        smtp.error().message);
    auto done = smtp->send({.sender = submission.sender,
                            .recipients = submission.recipients,
                            .octets = submission.octets});
    if (!done) return complain(exit_code(done.error()), done.error().text);
    smtp->quit();
    int code = EX_OK;
    for (const RefusedRecipient& one : done->refused)
        code = complain(exit_code(one.reply), fmt::format("{}: {}", one.address, one.reply.text));
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    auto options = parse_sendmail_options(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) return complain(EX_USAGE, options.error().message);
    if (options->only_version) {
        fmt::print("gatepost-sendmail {}\n", GATEPOST_VERSION);
        return EX_OK;
    }
    SendmailCaller who = caller();
    auto socket = find_socket(*options, who);
    if (!socket) return complain(EX_CONFIG, socket.error().message);
    const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
    if (std::cin.bad()) return complain(EX_IOERR, "cannot read standard input");
    auto submission = make_submission(up_to_dot(input, options->dot_is_text), *options, who);
    if (!submission) return complain(EX_USAGE, submission.error().message);
    return send(*submission, *socket);
}
