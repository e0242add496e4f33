from services.moderation.main import main

raise SystemExit(main())
