// gatepost compat user.sh: the commands of t-lo/mailserver's user.sh with the lines that it prints.
#include <fmt/format.h>

#include <algorithm>

#include "controlplane/mail_import/postfix_map.h"
#include "controlplane/model/account.h"
#include "controlplane/model/credential.h"
#include "controlplane/model/mail_name.h"
#include "storage/password/create.h"
#include "tools/gatepost/command/compat_commands.h"
#include "tools/gatepost/command/read_text.h"
#include "tools/gatepost/command/write_output.h"

namespace gatepost::tools {

namespace {

using controlplane::Account;

constexpr std::string_view kUsage =
    "Usage: user.sh <command> [options]\n"
    "   Commands:\n"
    "          add <user@domain> [<password>]    - Add user for domain to mailserver.\n"
    "                                              A password may optionally be provided; a "
    "random\n"
    "                                              one will be generated and printed if none was "
    "provided.\n"
    "          del <user@domain> [--purge-inbox] - Remove user from mailserver. Optionally delete "
    "all\n"
    "                                              of user's emails.\n"
    "          passwd <user@domain> <new-pass>   - Update a user's password to <new-pass>.\n"
    "          list                              - List users and perform basic sanity checks.\n"
    "          update-aliases [<file>]           - Add the aliases of a file; those here are in "
    "use "
    "at once.\n"
    "          help                              - Print help.\n\n";

// As `du -h` has it: one digit below ten, rounded up, and no less than a KiB.
std::string du_size(uint64_t octets) {
    constexpr std::string_view kUnits = "KMGTPE";
    constexpr double kKibi = 1024;
    double size = std::max(static_cast<double>(octets) / kKibi, 1.0);
    size_t unit = 0;
    for (; size >= kKibi && unit + 1 < kUnits.size(); ++unit) size /= kKibi;
    const double tenths = static_cast<double>(static_cast<uint64_t>(size * 10 + 0.999999)) / 10;
    return tenths < 10 ? fmt::format("{:.1f}{}", tenths, kUnits[unit])
                       : fmt::format("{}{}", static_cast<uint64_t>(size + 0.999999), kUnits[unit]);
}

Result<int> list(Context& context) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto accounts = controlplane::account_list(*connection);
    if (!accounts) return tl::unexpected(std::move(accounts).error());
    context.print(user_sh_table(*accounts));
    return kExitDone;
}

Result<int> add(Context& context, const CompatCall& call) {
    if (call.words.empty() || call.words.size() > 2)
        return fail(ErrorCode::usage, "user.sh add <user@domain> [<password>]");
    auto address = controlplane::mail_address_from_text(call.words[0]);
    if (!address) return tl::unexpected(std::move(address).error());
    const bool given = call.words.size() == 2 && !call.words[1].empty();
    auto password = given ? Result<std::string>(call.words[1]) : storage::generate_password();
    if (!password) return tl::unexpected(std::move(password).error());
    if (given) warn_of_argv(context);
    auto hash = storage::hash_password(storage::kPreferredScheme, *password);
    if (!hash) return tl::unexpected(std::move(hash).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto added =
        controlplane::account_add(*connection, {.address = *address, .hash = *hash}, call.options);
    if (!added) return tl::unexpected(std::move(added).error());
    // A dry run leaves nobody with that password.
    if (given || call.options.dry_run)
        context.print(fmt::format("Created user '{}' with password provided.\n", *address));
    else
        context.print(
            fmt::format("Created user '{}', generated password is:'{}'.\n", *address, *password));
    wait_for_edge(context, call.arguments, added->lsn);
    return kExitDone;
}

Result<int> del(Context& context, const CompatCall& call) {
    if (call.words.size() != 1)
        return fail(ErrorCode::usage, "user.sh del [--purge-inbox] <user@domain>");
    auto address = controlplane::mail_address_from_text(call.words[0]);
    if (!address) return tl::unexpected(std::move(address).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::account_remove(*connection, *address, call.options);
    if (!result) return tl::unexpected(std::move(result).error());
    const bool purge = call.arguments.has("--purge-inbox");
    if (purge && !call.options.dry_run) {
        result = controlplane::account_purge(
            *connection, {.address = *address, .id = result->before->id}, call.options);
        if (!result) return tl::unexpected(std::move(result).error());
    }
    context.print(purge ? fmt::format("Deleted '{}' and purged mail/inboxes/{}/{}.\n", *address,
                                      controlplane::domain_of(*address), *address)
                        : fmt::format("Deleted '{}'.\n", *address));
    wait_for_edge(context, call.arguments, result->lsn);
    return kExitDone;
}

Result<int> passwd(Context& context, const CompatCall& call) {
    if (call.words.size() != 2)
        return fail(ErrorCode::usage, "user.sh passwd <user@domain> <password>");
    auto address = controlplane::mail_address_from_text(call.words[0]);
    if (!address) return tl::unexpected(std::move(address).error());
    warn_of_argv(context);
    auto hash = storage::hash_password(storage::kPreferredScheme, call.words[1]);
    if (!hash) return tl::unexpected(std::move(hash).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto there = controlplane::account_list(*connection, {.address = *address});
    if (!there) return tl::unexpected(std::move(there).error());
    if (there->empty()) {
        context.print(
            fmt::format("User '{}' does not exist. Please create the user first.\n", *address));
        return static_cast<int>(ErrorCode::refused);
    }
    auto set = controlplane::password_set(*connection, *address, *hash, {"*"}, call.options);
    if (!set) return tl::unexpected(std::move(set).error());
    context.print(fmt::format("Updated password for user '{}'\n", *address));
    wait_for_edge(context, call.arguments, set->lsn);
    return kExitDone;
}

Result<int> update_aliases(Context& context, const CompatCall& call) {
    if (call.words.size() > 1) return fail(ErrorCode::usage, "user.sh update-aliases [<file>]");
    if (call.words.empty()) return kExitDone;
    auto text = read_text(call.words[0]);
    if (!text) return tl::unexpected(std::move(text).error());
    controlplane::MailImport read;
    controlplane::import_virtual_aliases(read, *text, call.words[0], "");
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::mail_alias_import(*connection, read.aliases(), false, call.options);
    if (!result) return tl::unexpected(std::move(result).error());
    for (const std::string& skipped : read.skipped()) context.warning(skipped);
    wait_for_edge(context, call.arguments, result->lsn);
    return kExitDone;
}

}  // namespace

std::string user_sh_table(const std::vector<Account>& accounts) {
    std::string out =
        fmt::format("{:>40.40} | {:>10.10} | {}\n", "user", "mbox size", "sanity checks");
    out += fmt::format("{:>40.40} + {:>10.10} + {}\n", "--------------------", "----------",
                       "------------");
    for (const Account& account : accounts) {
        const std::string size =
            account.used_messages == 0 ? "<empty>" : du_size(account.used_bytes);
        const bool can_log_in = account.passwords + account.app_passwords > 0;
        out += fmt::format(
            "{:>40.40} | {:>10.10} | {}\n", account.address, size,
            can_log_in ? "OK" : " [No password set in the database! User cannot login]");
    }
    return out;
}

Result<int> compat_user_sh(Context& context, const Arguments& arguments) {
    auto call = compat_call(context, arguments);
    if (!call) return tl::unexpected(std::move(call).error());
    if (call->command == "add") return say_new_spelling(context, "user add"), add(context, *call);
    if (call->command == "del")
        return say_new_spelling(context, "user remove, user purge"), del(context, *call);
    if (call->command == "passwd")
        return say_new_spelling(context, "user password"), passwd(context, *call);
    if (call->command == "list") return say_new_spelling(context, "user list"), list(context);
    if (call->command == "update-aliases")
        return say_new_spelling(context, "alias import"), update_aliases(context, *call);
    const bool help = call->command.empty() || call->command == "help";
    if (!help) context.print(fmt::format("Unknown command '{}'.\n", call->command));
    context.print(kUsage);
    return help ? kExitDone : static_cast<int>(ErrorCode::refused);
}

}  // namespace gatepost::tools
