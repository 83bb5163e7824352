"""For the server of a test: a statement that failed is given up by the thread of its connection.

Prefect 3.8.3 on SQLite marks deployments as ready at each poll of a worker, and that fails with
"database is locked" when anything else was written meanwhile. The traceback keeps the statement.
When it is freed, by the thread of the event loop, while the connection, used for another request
by then, waits for the lock, the loop waits with it: until the lock is given up, which only the
loop can do, or the 60 s of waiting are over. Nothing of Prefect is changed by this.
"""
import aiosqlite.cursor

ask = aiosqlite.cursor.Cursor._execute


async def ask_and_give_up(self, *args, **more):
    try:
        return await ask(self, *args, **more)
    except BaseException:
        self._conn._tx.put_nowait((None, self._cursor.close))
        raise


aiosqlite.cursor.Cursor._execute = ask_and_give_up
