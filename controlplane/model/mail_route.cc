#include "controlplane/model/mail_route.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "controlplane/model/mail_name.h"
#include "controlplane/pg/text_array.h"
#include "storage/mail_address/mail_address.h"

namespace gatepost::controlplane {
namespace {

struct Domain {
    std::string name;  // that which has the addresses
    std::string delimiters;
    bool active = true;
};

struct Holder {
    std::vector<std::string> targets;  // of active aliases
    bool account = false;
    bool no_email = false;  // of the account's role
    bool over_quota = false;
};

// The rows that were asked for so far.
class Rows {
  public:
    explicit Rows(Connection& connection) : connection_(connection) {}

    Status read_domains();
    // Reads what is not known yet.
    Status read(const std::set<std::string>& keys);

    const Domain* domain(std::string_view address) const {
        const auto found = domains_.find(std::string(domain_of(address)));
        return found == domains_.end() ? nullptr : &found->second;
    }
    const Holder* holder(const std::string& key) const {
        const auto found = holders_.find(key);
        return found == holders_.end() ? nullptr : &found->second;
    }

  private:
    Connection& connection_;
    std::unordered_map<std::string, Domain> domains_;
    std::unordered_map<std::string, Holder> holders_;
    std::unordered_set<std::string> known_;
};

Status Rows::read_domains() {
    auto rows = connection_.exec(
        "SELECT d.name, coalesce(t.name, d.name), coalesce(t.subaddress_delimiters, "
        "d.subaddress_delimiters), d.active AND coalesce(t.active, true) FROM "
        "gatepost.mail_domains d LEFT JOIN gatepost.mail_domains t ON t.id = d.alias_of");
    if (!rows) return tl::unexpected(std::move(rows).error());
    for (int row = 0; row < rows->rows(); ++row)
        domains_[rows->text(row, 0)] = {rows->text(row, 1), rows->text(row, 2),
                                        rows->boolean(row, 3)};
    return {};
}

Status Rows::read(const std::set<std::string>& keys) {
    std::vector<std::string> wanted;
    for (const std::string& key : keys)
        if (known_.insert(key).second) wanted.push_back(key);
    if (wanted.empty()) return {};
    const std::string literal = text_array_to_literal(wanted);
    auto aliases = connection_.exec_params(
        "SELECT source, target FROM gatepost.aliases WHERE source = ANY ($1::text[]) AND active "
        "ORDER BY id",
        {literal});
    if (!aliases) return tl::unexpected(std::move(aliases).error());
    for (int row = 0; row < aliases->rows(); ++row)
        holders_[aliases->text(row, 0)].targets.push_back(aliases->text(row, 1));
    auto accounts = connection_.exec_params(
        "SELECT address, over_quota, role = 'no_email' FROM gatepost.accounts WHERE address = ANY "
        "($1::text[])",
        {literal});
    if (!accounts) return tl::unexpected(std::move(accounts).error());
    for (int row = 0; row < accounts->rows(); ++row) {
        Holder& holder = holders_[accounts->text(row, 0)];
        holder.account = true;
        holder.over_quota = accounts->boolean(row, 1);
        holder.no_email = accounts->boolean(row, 2);
    }
    return {};
}

// The keys that an address of ours is looked for by, in order: itself, without its subaddress, the
// domain's.
std::vector<std::string> keys_of(const Rows& rows, std::string_view address) {
    const Domain* domain = rows.domain(address);
    if (domain == nullptr) return {};
    const std::string_view local = local_part_of(address);
    std::vector<std::string> keys;
    if (!local.empty()) {
        keys.push_back(std::string(local) + "@" + domain->name);
        const auto split = storage::split_subaddress(local, domain->delimiters);
        if (split.detail) keys.push_back(std::string(split.base) + "@" + domain->name);
    }
    keys.push_back("@" + domain->name);
    return keys;
}

// Targets as people wrote them keep their case; ours are compared without it.
std::string comparable(const Rows& rows, const std::string& target) {
    auto address = mail_address_from_text(target);
    return address && rows.domain(*address) != nullptr ? *address : target;
}

// The part in front of a subaddress is "postmaster".
bool is_for_postmaster(const Rows& rows, std::string_view address) {
    const Domain* domain = rows.domain(address);
    return domain != nullptr &&
           storage::split_subaddress(local_part_of(address), domain->delimiters).base ==
               "postmaster";
}

// One walk over the rows, for one start.
class Walk {
  public:
    Walk(const Rows& rows, const std::string& postmaster, MailRoute& route)
        : rows_(rows), postmaster_(postmaster), route_(route) {}

    void begin(const MailRouteStart& start) {
        const Domain* domain = rows_.domain(start.from);
        route_.ours = domain != nullptr;
        route_.active = domain != nullptr && domain->active;
        if (start.target.empty()) return follow(start.from, 0);
        const auto keys = keys_of(rows_, start.from);
        state_[keys.empty() ? start.from : keys.front()] = Visit::open;
        follow(comparable(rows_, start.target), 1);
    }

  private:
    enum class Visit : uint8_t { none, open, done };

    void follow(const std::string& address, int depth);
    void follow_here(const std::string& address, int depth);
    // The aliases or the account of that very key; false: there is neither.
    bool follow_key(const std::string& key, int depth);
    void arrive(const std::string& key, const Holder& holder) {
        if (holder.no_email) {
            route_.nobody.push_back(key);
        } else if (add(route_.accounts, key) && holder.over_quota) {
            route_.over_quota.push_back(key);
        }
    }
    bool add(std::vector<std::string>& list, const std::string& address) {
        if (std::find(list.begin(), list.end(), address) != list.end()) return false;
        if (route_.accounts.size() + route_.elsewhere.size() >= kAliasRecipientsMax) {
            route_.cut = true;
            return false;
        }
        list.push_back(address);
        return true;
    }

    const Rows& rows_;
    const std::string& postmaster_;
    MailRoute& route_;
    std::map<std::string, Visit> state_;  // of keys with aliases
    bool asked_postmaster_ = false;
};

void Walk::follow(const std::string& address, int depth) {
    if (depth > kAliasDepthMax) route_.cut = true;
    if (route_.cut) return;
    const Domain* domain = rows_.domain(address);
    if (domain == nullptr) {
        // The start itself, where it is of another system, leads nowhere from here.
        if (depth > 0) add(route_.elsewhere, address);
    } else if (!domain->active) {
        route_.nobody.push_back(address);
    } else {
        follow_here(address, depth);
    }
}

void Walk::follow_here(const std::string& address, int depth) {
    const auto keys = keys_of(rows_, address);  // the domain's is the last
    for (size_t n = 0; n + 1 < keys.size(); ++n)
        if (follow_key(keys[n], depth)) return;
    if (!postmaster_.empty() && !asked_postmaster_ && is_for_postmaster(rows_, address)) {
        asked_postmaster_ = true;
        return follow(comparable(rows_, postmaster_), depth + 1);
    }
    if (!follow_key(keys.back(), depth)) route_.nobody.push_back(address);
}

bool Walk::follow_key(const std::string& key, int depth) {
    const Holder* holder = rows_.holder(key);
    if (holder == nullptr) return false;
    Visit& visit = state_[key];
    if (!holder->targets.empty() && visit == Visit::done) return true;
    const bool circle = visit == Visit::open;
    if (!holder->targets.empty() && !circle) {
        visit = Visit::open;
        for (const std::string& target : holder->targets)
            follow(comparable(rows_, target), depth + 1);
        visit = Visit::done;
        return true;
    }
    if (holder->account)
        arrive(key, *holder);
    else
        route_.loop = true;
    return true;
}

}  // namespace

Result<std::vector<MailRoute>> mail_routes(Connection& connection,
                                           const std::vector<MailRouteStart>& starts,
                                           const std::string& postmaster) {
    Rows rows(connection);
    if (Status read = rows.read_domains(); !read) return tl::unexpected(std::move(read).error());
    // Level by level, each with one query for all starts.
    std::set<std::string> frontier;
    std::set<std::string> seen;
    if (!postmaster.empty()) frontier.insert(comparable(rows, postmaster));
    for (const MailRouteStart& start : starts) {
        frontier.insert(start.from);
        if (!start.target.empty()) frontier.insert(comparable(rows, start.target));
    }
    for (int depth = 0; depth <= kAliasDepthMax + 1 && !frontier.empty(); ++depth) {
        std::set<std::string> keys;
        for (const std::string& address : frontier)
            for (std::string& key : keys_of(rows, address)) keys.insert(std::move(key));
        if (Status read = rows.read(keys); !read) return tl::unexpected(std::move(read).error());
        frontier.clear();
        for (const std::string& key : keys)
            if (const Holder* holder = rows.holder(key); holder != nullptr)
                for (const std::string& target : holder->targets)
                    if (std::string next = comparable(rows, target); seen.insert(next).second)
                        frontier.insert(std::move(next));
    }
    std::vector<MailRoute> routes(starts.size());
    for (size_t n = 0; n < starts.size(); ++n) Walk(rows, postmaster, routes[n]).begin(starts[n]);
    return routes;
}

}  // namespace gatepost::controlplane
