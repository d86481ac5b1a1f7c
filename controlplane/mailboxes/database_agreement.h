// Which server the connections to PostgreSQL follow together. While a replica takes its place, one
// may be connected to it already, and others to the server before still: what these tell belongs to
// two histories. The newest connection says which one it is to be. Nothing is asked or changed
// until all that was in memory has been compared with that one, by a connection to it; and what was
// begun before that is not done any more, nor is taken what it gave.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

namespace gatepost::controlplane {

// All of it may be called by any thread.
class DatabaseAgreement {
  public:
    // A new connection found this server (DatabaseLink::identity). Where it is another one than
    // before, an era ends.
    void found(const std::string& identity);
    // False: connections to it are to be made anew.
    bool is_newest(const std::string& identity) const;
    // What is in memory has been compared with this server: an era begins. False: there is a newer
    // one.
    bool agree(const std::string& identity);

    bool is_agreed() const;
    // Grows whenever one begins or ends.
    uint64_t era() const;
    // Whether what was begun in that era may be done, and what it gave taken.
    bool is_current(uint64_t era) const;
    // Whether over a connection to that server, too.
    bool is_current(uint64_t era, const std::string& identity) const;

  private:
    mutable std::mutex mutex_;
    std::string newest_;
    bool is_agreed_ = false;
    uint64_t era_ = 0;
};

}  // namespace gatepost::controlplane
