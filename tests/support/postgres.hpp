#pragma once

#include "config/base/error.hpp"
#include "tests/support/process.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace sluice::test {

/// A private PostgreSQL cluster of this test process: made at first use, unix socket only, nothing synced,
/// any role without password. As root it runs as `postgres` (or `nobody`). Stopped and removed when the
/// process ends. Start it from the main thread (it dies with the thread that started it). Failure to start
/// ends the test.
class Postgres {
public:
    static Postgres& instance();
    /// A second one, empty, for as long as the object lives.
    [[nodiscard]] static std::unique_ptr<Postgres> make_another();

    /// `database` on the cluster as `role` (sluice_super is the superuser).
    [[nodiscard]] std::string conninfo(const std::string& role, const std::string& database) const;

    /// For tests of an absent database: SIGINT (fast), and up again. Sessions break in between.
    void stop();
    /// SIGKILL, as a crash would.
    void kill_now();
    void start();
    /// The socket's name is gone, all sessions end, and nobody gets in. And there again.
    void hide_socket() const;
    void show_socket() const;
    [[nodiscard]] bool is_running() { return server_.is_running(); }

    Postgres(const Postgres&) = delete;
    Postgres& operator=(const Postgres&) = delete;
    ~Postgres();

private:
    Postgres();
    void initialise();
    void launch();

    std::filesystem::path folder_;
    Process server_;
};

/// A fresh database with all migrations, a copy of one that was migrated once; dropped with the object.
class Database {
public:
    Database();
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] std::string conninfo(const std::string& role) const;
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Statements as the superuser; for arranging what no role of ours may. Throws on failure.
    void execute(const std::string& sql) const;
    /// First column of the first row as text, as `role`; "" when there is none. Throws on failure.
    [[nodiscard]] std::string query(const std::string& sql, const std::string& role = "sluice_super") const;

private:
    std::string name_;
};

/// A database without anything in it, for tests of the migrations themselves.
class EmptyDatabase {
public:
    EmptyDatabase();
    ~EmptyDatabase();
    EmptyDatabase(const EmptyDatabase&) = delete;
    EmptyDatabase& operator=(const EmptyDatabase&) = delete;
    [[nodiscard]] std::string conninfo(const std::string& role) const;

private:
    std::string name_;
};

}  // namespace sluice::test
